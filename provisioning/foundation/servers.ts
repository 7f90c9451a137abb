import { createHash } from 'node:crypto';
import { Refused } from '../errors.ts';
import type { Sight } from '../host.ts';
import type { Layout } from '../layout.ts';
import { inspectInterpreter } from '../stacks/inspect.ts';
import { HOST_PYTHON } from '../stacks/spec.ts';
import type { Act, Step } from '../steps.ts';
import type { Foundation } from './spec.ts';

const step = (why: string, act: Act): Step => ({ ...act, why, resource: 'foundation' });

export interface ServersFound {
  pipWheel: string | null;
  servers: Record<string, { record: string | null; present: boolean; halfMade: boolean }>;
}

/** Looks which servers for apps are there. */
export async function inspectServers(sight: Sight, wanted: Foundation): Promise<ServersFound> {
  const at = sight.layout;
  const servers: ServersFound['servers'] = {};
  for (const { id } of wanted.servers) {
    servers[id] = {
      record: await sight.text(`${at.server(id)}/server.json`),
      present: (await sight.entry(at.server(id))) !== null,
      halfMade: (await sight.entry(at.server(`.${id}.new`))) !== null,
    };
  }
  return { pipWheel: (await inspectInterpreter(sight, HOST_PYTHON))?.pipWheel ?? null, servers };
}

/** What must happen for every server to be there as locked. Pure. Throws Refused. */
export function planServers(wanted: Foundation, found: ServersFound, at: Layout): Step[] {
  const steps: Step[] = [];
  for (const { id, lock, packages } of wanted.servers) {
    const state = found.servers[id];
    const [place, staging] = [at.server(id), at.server(`.${id}.new`)];
    if (state?.halfMade) steps.push(step(`Clear away the half-made server ${id}`, { do: 'delete', path: staging }));
    if (found.pipWheel === null) {
      throw new Refused('no-python', 'This host has no Python with pip for its servers.', 'Install the packages python3 and python3-venv.');
    }
    const digest = createHash('sha256').update(lock).digest('hex');
    const versions = Object.fromEntries(packages.map(pin => [pin.name, pin.version]));
    const record = `${JSON.stringify({ id, lock: digest, packages: versions }, null, 2)}\n`;
    if (state?.record === record) continue;
    const target = `${staging}/site-packages`;
    const rootFile = { mode: 0o644, uid: 0, gid: 0 };
    // Wheels only, each checked against its hash: nothing of a package runs as root.
    const how = ['--require-hashes', '--only-binary', ':all:', '--no-deps', '--no-compile', '--no-cache-dir', '--no-input'];
    const from = ['--root-user-action', 'ignore', '--target', target, '-r', `${staging}/requirements.lock`];
    const pip = [HOST_PYTHON, '-I', `${found.pipWheel}/pip`, 'install', ...how, ...from];
    const compile = [HOST_PYTHON, '-I', '-S', '-m', 'compileall', '-q', '-s', staging, '-p', place, target];
    steps.push(
      step(`Prepare the server ${id}`, { do: 'folder', path: staging, mode: 0o755, uid: 0, gid: 0 }),
      step(`Write the exact versions of the server ${id}`, { do: 'write', path: `${staging}/requirements.lock`, text: lock, ...rootFile }),
      step(`Install the server ${id}`, { do: 'run', argv: pip, env: wanted.pipEnvironment, timeoutSeconds: 900 }),
      step(`Compile the server ${id}`, { do: 'run', argv: compile, timeoutSeconds: 600 }),
      step(`Describe the server ${id}`, { do: 'write', path: `${staging}/server.json`, text: record, ...rootFile }),
      ...(state?.present ? [step(`Take away the old server ${id}`, { do: 'delete', path: place })] : []),
      step(`Put the server ${id} into place`, { do: 'run', argv: ['/usr/bin/mv', '-T', '--', staging, place], timeoutSeconds: 60 }),
    );
  }
  return steps;
}
