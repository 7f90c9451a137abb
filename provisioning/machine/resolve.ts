import { z } from 'zod';
import { Failed } from '../errors.ts';
import { runAsRoot } from './run.ts';

/** What is asked of the package index. */
export interface Wanted {
  python: string;
  pipWheel: string;
  requirements: string[];
  /** Whether to take what they need along; exact sets name all themselves. */
  dependencies: boolean;
}

/** One package as the index has it, with the digest of the file for this host. */
export interface Resolved {
  name: string;
  version: string;
  sha256: string;
}

const report = z.object({
  install: z.array(
    z.object({
      metadata: z.object({ name: z.string().max(200), version: z.string().max(100) }),
      download_info: z.object({
        archive_info: z.object({ hash: z.string().optional(), hashes: z.record(z.string(), z.string()).optional() }).optional(),
      }),
    }),
  ),
});

const FOR_PIP = /^(PIP_.*|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(HTTPS?|NO)_PROXY)$/i;

/** pip's own part of the machine's build settings. */
export function forPip(environment: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([key]) => FOR_PIP.test(key)));
}

/** Asks the configured index which files serve some requirements. Installs nothing, and runs nothing of theirs: wheels only. */
export async function resolve(wanted: Wanted, environment: Record<string, string>): Promise<Resolved[]> {
  const { python, pipWheel, requirements, dependencies } = wanted;
  const ask = ['install', '--dry-run', '--ignore-installed', '--quiet', '--report', '-', '--only-binary', ':all:', '--no-input'];
  const argv = [python, '-I', `${pipWheel}/pip`, ...ask, '--root-user-action', 'ignore'];
  if (!dependencies) argv.push('--no-deps');
  let out = '';
  const step = { do: 'run' as const, argv: [...argv, '--', ...requirements], env: forPip(environment), timeoutSeconds: 180 };
  try {
    await runAsRoot(step, text => {
      out += text;
    });
  } catch (error) {
    const said = error instanceof Failed ? error.lastLines : String(error);
    throw new Failed(`The package index has nothing for ${requirements.join(', ')}.`, {
      lastLines: said,
      help: `Check the names and versions. pip said: ${said.split('\n').at(-1) ?? ''}`,
    });
  }
  // pip's notes, if any, stand before or after the report.
  const { install } = report.parse(JSON.parse(out.slice(out.indexOf('{'), out.lastIndexOf('}') + 1)));
  return install.map(({ metadata, download_info }) => {
    const { hash, hashes } = download_info.archive_info ?? {};
    const sha256 = hashes?.sha256 ?? hash?.replace(/^sha256=/, '') ?? '';
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Failed(`The package index tells no digest of ${metadata.name}.`);
    return { name: metadata.name, version: metadata.version, sha256 };
  });
}
