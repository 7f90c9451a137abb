import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Layout } from '../layout.ts';

const PYTHON = '/usr/bin/python3';
/** One to open an account with and one to look meanwhile. Each waits for its one request, so nothing of a customer is in it. */
const READY = 2;
/** New ones are started when there is a pause: in the middle of work they would only take the processor from it. */
const PAUSE_MS = 60;
/** Where nothing is asked for so long, none waits. */
const IDLE_MS = 60_000;

/** What the program is started with: where this host keeps things, nothing else of the agent's own environment. */
function bareEnvironment({ state, run, homes, cgroup }: Layout): Record<string, string> {
  return { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', BERTH_STATE: state, BERTH_RUN: run, BERTH_HOMES: homes, BERTH_CGROUP: cgroup };
}

/** One that waits must not keep us from ending; our end closes its input, and with that it ends too. */
function hold(child: ChildProcessWithoutNullStreams, held: boolean): void {
  for (const part of [child, child.stdin, child.stdout, child.stderr] as unknown as Pick<Socket, 'ref' | 'unref'>[]) {
    if (held) part.ref();
    else part.unref();
  }
}

/** Processes that can become a customer, started ahead, as starting takes longer than most requests. Each serves one request. */
export function standby(at: Layout) {
  const env = bareEnvironment(at);
  const program = ['-I', '-S', join(at.slotdFolder, 'enter.py')];
  let waiting: ChildProcessWithoutNullStreams[] = [];
  let pause: NodeJS.Timeout | null = null;
  let idle: NodeJS.Timeout | null = null;

  function start(): ChildProcessWithoutNullStreams {
    const child = spawn(PYTHON, program, { env, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    child.stdin.on('error', () => {});
    return child;
  }

  function prepare(): void {
    while (waiting.length < READY) {
      const child = start();
      const forget = () => {
        waiting = waiting.filter(other => other !== child);
      };
      child.on('error', forget).on('exit', forget);
      hold(child, false);
      waiting.push(child);
    }
  }

  function release(): void {
    for (const child of waiting) child.stdin.end();
    waiting = [];
  }

  /** A process that waits for its request on its standard input. */
  function take(): ChildProcessWithoutNullStreams {
    if (pause) clearTimeout(pause);
    if (idle) clearTimeout(idle);
    pause = setTimeout(prepare, PAUSE_MS).unref();
    idle = setTimeout(release, IDLE_MS).unref();
    const child = waiting.shift();
    if (!child) return start();
    hold(child, true);
    return child;
  }

  return { take };
}
