import { execFile } from 'node:child_process';
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Failed } from '../../provisioning/errors.ts';
import { PANEL_USER } from '../../provisioning/foundation/spec.ts';
import type { Places } from './places.ts';

const run = promisify(execFile);

/** Where the panel's user finds Berth's code and Node.js. */
export interface Reach {
  code: string;
  node: string;
}

/** Tests a path with the rights of the panel's user, who may have fewer than root along the whole way. */
async function allowed(flag: '-r' | '-x', path: string): Promise<boolean> {
  const identity = ['--reuid', String(PANEL_USER.uid), '--regid', String(PANEL_USER.gid), '--clear-groups', '--'];
  return run('/usr/bin/setpriv', [...identity, '/usr/bin/test', flag, path]).then(
    () => true,
    () => false,
  );
}

async function mounted(path: string): Promise<boolean> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  return table.split('\n').some(line => line.split(' ')[4] === path);
}

async function showReadOnly(from: string, to: string): Promise<void> {
  await run('/usr/bin/mount', ['--bind', '--', from, to]);
  await run('/usr/bin/mount', ['-o', 'remount,bind,ro', '--', to]);
}

/** Takes the views away again. */
export async function closeReach(its: Places): Promise<void> {
  for (const path of [its.panelCode, its.panelNode]) {
    // More than one when a launcher was killed before it could take its own away.
    for (let times = 0; times < 5 && (await mounted(path)); times++) await run('/usr/bin/umount', ['--lazy', '--', path]);
  }
}

/**
 * Sees to it that the panel's user can read the code and run Node.js: directly when they lie where everybody may read,
 * otherwise (a checkout in /root) through a read-only view in a folder that only the panel may enter.
 */
export async function openReach(code: string, its: Places): Promise<Reach> {
  await closeReach(its);
  await mkdir(its.panel, { recursive: true, mode: 0o710 });
  await chown(its.panel, 0, PANEL_USER.gid);
  await mkdir(its.panelTemp, { recursive: true, mode: 0o700 });
  await chown(its.panelTemp, PANEL_USER.uid, PANEL_USER.gid);
  const reach = { code, node: process.execPath };
  if (!(await allowed('-r', join(code, 'package.json')))) {
    await mkdir(its.panelCode, { recursive: true });
    await showReadOnly(code, its.panelCode);
    reach.code = its.panelCode;
  }
  if (!(await allowed('-x', process.execPath))) {
    await writeFile(its.panelNode, '');
    await showReadOnly(process.execPath, its.panelNode);
    reach.node = its.panelNode;
  }
  if ((await allowed('-r', join(reach.code, 'panel', 'main.ts'))) && (await allowed('-x', reach.node))) return reach;
  throw new Failed(`The panel's user ${PANEL_USER.name} can not read Berth's files in ${code}.`, {
    help: `Make them readable with: chmod -R go+rX ${code}`,
  });
}
