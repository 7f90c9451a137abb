import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const VERSIONS = '/root/.pyenv/versions';

/** Other CPythons that somebody has built on this machine, by version, the newest first but for the host's own. */
export function foundPythons(): string[] {
  const names = existsSync(VERSIONS) ? readdirSync(VERSIONS) : [];
  return names
    .filter(name => /^3\.(9|1[0-3])\.\d+$/.test(name))
    .sort((one, other) => Number(other.split('.')[1]) - Number(one.split('.')[1]));
}

/** Copies one of them to where everybody may run it and root alone may write; null when there is none. */
export function otherPython(folder: string, wanted = '3.12'): string | null {
  const found = foundPythons().find(name => name.startsWith(`${wanted}.`));
  if (!found) return null;
  const prefix = join(folder, `cpython-${wanted}`);
  const program = join(prefix, 'bin', `python${wanted}`);
  if (existsSync(program)) return program;
  for (const part of ['bin', 'lib']) mkdirSync(join(prefix, part), { recursive: true });
  spawnSync('/usr/bin/cp', ['-a', join(VERSIONS, found, 'bin', `python${wanted}`), program]);
  const library = [join(VERSIONS, found, 'lib', `python${wanted}`), join(prefix, 'lib')];
  // Links where they can be: the tests of a standard library alone are a hundred megabytes.
  if (spawnSync('/usr/bin/cp', ['-al', ...library]).status !== 0) spawnSync('/usr/bin/cp', ['-a', ...library]);
  spawnSync('/usr/bin/chown', ['-R', '0:0', prefix]);
  return program;
}
