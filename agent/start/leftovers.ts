import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/** The session a process belongs to and whether it still lives; null when it is gone. Pure. */
export function readStat(text: string): { session: number; alive: boolean } | null {
  // The second field is the program's name in brackets and may hold anything, brackets too.
  const [state, , , session] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return state && session ? { session: Number(session), alive: !'ZX'.includes(state) } : null;
}

/** Whether the text of /proc/<pid>/cgroup places a process below the named group. Pure. */
export function inCgroup(text: string, group: string): boolean {
  return text.split('\n').some(line => line.split(':').slice(2).join(':').split('/').includes(group));
}

/** Live processes of these sessions or below the named control group. */
async function find(sessions: ReadonlySet<number>, group: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    const pid = Number(name);
    if (!pid || pid === process.pid) continue;
    const stat = readStat(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''));
    if (!stat?.alive) continue;
    if (sessions.has(stat.session) || inCgroup(await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => ''), group)) found.push(pid);
  }
  return found;
}

/** Ends every process that is left of what was started; tells how many had to be ended by force, and how many would not. */
export async function endLeftovers(sessions: ReadonlySet<number>, group: string): Promise<{ ended: number; left: number }> {
  let ended = 0;
  for (let round = 0; round < 25; round++) {
    const pids = await find(sessions, group);
    if (!pids.length) return { ended, left: 0 };
    ended = Math.max(ended, pids.length);
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself in the meantime.
      }
    }
    await pause(200);
  }
  return { ended, left: (await find(sessions, group)).length };
}
