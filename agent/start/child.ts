import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Failed } from '../../provisioning/errors.ts';
import { ChildLog } from './log.ts';
import { say } from './report.ts';

/** One program that the launcher keeps running. */
export interface Program {
  name: string;
  /** What people call it, to begin a sentence with: "The panel". */
  title: string;
  argv: string[];
  env: Record<string, string>;
  cwd: string;
  /** Whom it runs as; root when absent. */
  user?: { uid: number; gid: number };
  /** Looks whether it does its work; throws as long as it does not. */
  ready: () => Promise<void>;
  readySeconds: number;
  /** How it is asked to end, gently first. */
  stop: NodeJS.Signals;
  stopSeconds: number;
  /** Sockets it does not take over when it was killed before. */
  stale?: string[];
  log: string;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 4000;
const HEALTHY_MS = 60_000;

/** A program kept running: started again with growing pauses when it ends by itself. */
export class Child {
  readonly program: Program;
  readonly #log: ChildLog;
  readonly #launched: (pid: number) => void;
  #process: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();
  #stopping = false;
  #pauseMs = FIRST_PAUSE_MS;

  /** `launched` hears of every process it is started as. */
  constructor(program: Program, launched: (pid: number) => void) {
    this.program = program;
    this.#launched = launched;
    this.#log = new ChildLog(program.log);
  }

  /** The session of its processes, or null when it is not running. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** Starts it and waits until it does its work. Throws Failed with its last lines. */
  async start(): Promise<void> {
    this.#launch();
    const { title, readySeconds, log } = this.program;
    const deadline = Date.now() + readySeconds * 1000;
    for (;;) {
      const problem = await this.program.ready().then(
        () => null,
        (error: Error) => error.message,
      );
      if (problem === null) return;
      const gone = this.#process === null;
      if (gone || Date.now() > deadline || this.#stopping) {
        const what = gone ? `${title} ended right after its start.` : `${title} was not ready after ${readySeconds} seconds: ${problem}.`;
        throw new Failed(what, { lastLines: this.#log.lastLines(), help: `Its whole log is in ${log}.` });
      }
      await pause(40);
    }
  }

  /** From here on it is started again when it ends by itself. */
  keep(): void {
    void this.#ended.then(() => this.#again());
  }

  /** Asks it to end, waits, and ends what is left of its processes. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (!this.#process) return;
    this.#process.kill(this.program.stop);
    const late = setTimeout(() => this.kill(), this.program.stopSeconds * 1000);
    await this.#ended;
    clearTimeout(late);
  }

  /** Ends all its processes at once. */
  kill(): void {
    this.#stopping = true;
    if (this.pid !== null) signalGroup(this.pid, 'SIGKILL');
  }

  #launch(): void {
    const { program } = this;
    const { user } = program;
    for (const path of program.stale ?? []) rmSync(path, { force: true });
    const identity = user ? ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups', '--no-new-privs'] : [];
    // If the launcher itself is killed, the kernel asks its children to end, so that none is left behind.
    const linux = ['/usr/bin/setpriv', '--pdeathsig', 'TERM', ...identity, '--', ...program.argv];
    const [command = '', ...args] = process.platform === 'linux' ? linux : program.argv;
    // A session of its own: Ctrl-C reaches the launcher alone, which then stops all in the right order.
    const child = spawn(command, args, {
      env: program.env,
      cwd: program.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#process = child;
    if (child.pid !== undefined) this.#launched(child.pid);
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', piece => this.#log.take(piece));
    this.#ended = new Promise(done => {
      const end = (how: string) => {
        if (this.#process !== child) return;
        this.#process = null;
        this.#log.line(`(${how})`);
        // Processes that outlived the first one would hold what the next one needs.
        if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
        done();
      };
      child.on('error', error => end(error.message));
      child.on('exit', (code, signal) => end(signal ? `ended by ${signal}` : `ended with ${code}`));
    });
  }

  async #again(): Promise<void> {
    if (this.#stopping) return;
    const { title, log } = this.program;
    say(`${title} ended unexpectedly and is started again in ${this.#pauseMs / 1000} s; its log is ${log}`);
    await pause(this.#pauseMs);
    if (this.#stopping) return;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    const started = Date.now();
    this.#launch();
    void this.#ended.then(() => {
      if (Date.now() - started > HEALTHY_MS) this.#pauseMs = FIRST_PAUSE_MS;
      return this.#again();
    });
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // No process of that group is left, which is what was wanted.
  }
}
