import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** The environment every server starts with: what is inherited from a shell would distort the figures. */
export const CLEAN = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

const ours = new Set<ChildProcess>();

/** How a process is started. */
export interface Start {
  uid?: number;
  cwd?: string;
  env?: Record<string, string>;
  log: string;
}

/** Starts a server in the foreground, its output in a file. */
export function start(argv: string[], how: Start): ChildProcess {
  const log = openSync(how.log, 'a');
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    env: { ...CLEAN, ...how.env },
    stdio: ['ignore', log, log],
    cwd: how.cwd ?? '/',
    ...(how.uid === undefined ? {} : { uid: how.uid, gid: how.uid }),
  });
  child.on('error', error => console.error(`${argv[0]}: ${error.message}`));
  ours.add(child);
  return child;
}

/** Ends a server and what it started: by SIGTERM, and what is left after a while by SIGKILL. */
export async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  ours.delete(child);
  if (child.pid === undefined) return;
  const family = tree(child.pid);
  if (child.exitCode === null && child.signalCode === null) {
    const over = new Promise(done => child.once('exit', done));
    child.kill(signal);
    await Promise.race([over, pause(8000)]);
  }
  for (const pid of family.filter(pid => parentOf(pid) !== null)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

/** Ends everything that `start` started and nobody stopped. */
export async function stopAll(): Promise<void> {
  await Promise.all([...ours].map(child => stop(child)));
}

/** Runs a program to its end and returns what it said; throws when it fails. */
export function run(argv: string[], more: { cwd?: string; env?: Record<string, string> } = {}): string {
  const { status, stdout, stderr, error } = spawnSync(argv[0] ?? '', argv.slice(1), {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    ...more,
    env: { ...process.env, ...more.env },
  });
  if (status !== 0) throw new Error(`${argv.slice(0, 4).join(' ')} … failed: ${(error?.message ?? stderr).slice(-1500)}`);
  return stdout;
}

const read = (path: string) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

function parentOf(pid: number): number | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat && !/\) Z/.test(stat) ? Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) : null;
}

const allPids = () => readdirSync('/proc').map(Number).filter(Boolean);

/** A process and everything below it. */
export function tree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of allPids()) {
    const parent = parentOf(pid);
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** Proportional set size of some processes together, in KiB: shared pages count once in the sum. */
export function pss(pids: number[]): number {
  return pids.map(pid => Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0)).reduce((a, b) => a + b, 0);
}

/** Processor time of some processes so far, in clock ticks of 10 ms. */
export function ticks(pids: number[]): number {
  const of = (pid: number) => {
    const stat = read(`/proc/${pid}/stat`);
    const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(words[11] ?? 0) + Number(words[12] ?? 0);
  };
  return pids.map(of).reduce((a, b) => a + b, 0);
}

/** Kernel memory in slabs, in KiB, for the whole machine. */
export function slab(): number {
  return Number(/^Slab:\s+(\d+)/m.exec(read('/proc/meminfo'))?.[1] ?? 0);
}
