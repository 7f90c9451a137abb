import { closeSync, openSync, readSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

const CGROUPS = '/sys/fs/cgroup';

/** So many processes are looked at without letting anybody else have a turn: about a millisecond's worth. */
const AT_A_TIME = 64;
const piece = Buffer.alloc(1024);

/** The beginning of a process's status. Nothing in /proc waits for a disk, and waiting for a thread would take ten times as long. */
function statusOf(pid: string): string {
  try {
    const file = openSync(`/proc/${pid}/status`, 'r');
    try {
      return piece.toString('latin1', 0, readSync(file, piece));
    } finally {
      closeSync(file);
    }
  } catch {
    return ''; // it has just ended
  }
}

/** The number of live processes whose real uid is this one; zombies hold nothing and do not count. */
export async function living(uid: number): Promise<number> {
  let alive = 0;
  const pids = (await fs.readdir('/proc')).filter(name => /^\d+$/.test(name));
  for (const [count, pid] of pids.entries()) {
    if (count % AT_A_TIME === AT_A_TIME - 1) await turn();
    const status = statusOf(pid);
    if (/^State:\s+[ZX]/m.test(status)) continue;
    if (Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? -1) === uid) alive++;
  }
  return alive;
}

/** The tops of the cgroup trees of this host: v2's one, or v1's one for each controller. */
async function hierarchies(): Promise<string[]> {
  const names = await fs.readdir(CGROUPS, { withFileTypes: true }).catch(() => []);
  return [CGROUPS, ...names.filter(name => name.isDirectory()).map(name => join(CGROUPS, name.name))];
}

async function removeTree(path: string): Promise<void> {
  const children = await fs.readdir(path, { withFileTypes: true }).catch(() => null);
  if (!children) return;
  for (const child of children) if (child.isDirectory()) await removeTree(join(path, child.name));
  await fs.rmdir(path).catch(() => {});
}

/** Removes the empty control groups of one account in every hierarchy; groups with live processes stay. */
export async function removeCgroups(root: string, account: string): Promise<void> {
  for (const top of await hierarchies()) {
    await removeTree(join(top, root, account));
    const builds = join(top, root, '_builds');
    for (const name of await fs.readdir(builds).catch(() => [])) if (name.startsWith(`${account}.`)) await removeTree(join(builds, name));
  }
}
