import type { Sight } from '../host.ts';
import type { Manifest } from '../manifest.ts';

/** The configuration files as they stand. */
export interface ConfigFound {
  texts: Record<string, string | null>;
  files: string[];
}

/** Reads the files that root wrote. */
export async function inspect(sight: Sight, manifest: Manifest): Promise<ConfigFound> {
  const { account } = manifest;
  const at = sight.layout;
  const paths = [at.userConfig(account.name), at.userMyCnf(account.name)];
  for (const config of manifest.configs) paths.push(at.userEnv(account.name, config.app));
  const texts: ConfigFound['texts'] = {};
  for (const path of paths) texts[path] = await sight.text(path);
  return { texts, files: await sight.list(at.user(account.name)) };
}
