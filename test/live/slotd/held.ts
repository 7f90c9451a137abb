import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext, TestFn } from 'ava';
import { layout } from '../../../provisioning/layout.ts';
import type { SlotStatus } from '../../../provisioning/slot/spec.ts';
import type { ZygoteStatus } from '../../../provisioning/stacks/spec.ts';
import { type Answer, parse, raw } from './talk.ts';

const CODE = resolve(import.meta.dirname, '../../..');
const PYTHON = '/usr/bin/python3';
let nextUid = 490_000 + (process.pid % 900) * 10;

/** Why these tests cannot run here, or null. */
export const unable = process.getuid?.() === 0 ? null : 'the slot server needs root';

/** Wraps ava's test so that a machine without root says why it skips. */
export function live(test: TestFn): TestFn['serial'] {
  if (unable === null) return test.serial;
  console.log(`skipped: ${unable}`);
  return test.serial.skip as unknown as TestFn['serial'];
}

/** A small WSGI app that answers with the length of the body it got, its pid and the path. */
export const HELLO = `
import os
def application(environ, start):
    size = len(environ["wsgi.input"].read())
    start("200 OK", [("Content-Type", "text/plain"), ("X-Pid", str(os.getpid()))])
    return [("%d %s" % (size, environ["PATH_INFO"])).encode()]
`;

type Spec = Record<string, unknown> & {
  name: string;
  account: string;
  app: string;
  uid: number;
  root: string;
  socket: string;
  home: string;
};

/** A private slot server with everything it touches in a folder of its own. */
export class Held {
  readonly folder = mkdtempSync('/tmp/bs-');
  readonly cgroup = `berth-test-${process.pid}-${this.folder.slice(-4).toLowerCase()}`;
  readonly at = layout({
    state: join(this.folder, 's'),
    run: join(this.folder, 'r'),
    homes: join(this.folder, 'h'),
    code: CODE,
    cgroup: this.cgroup,
  });
  child: ChildProcess | null = null;
  said = '';
  /** What is started: slotd alone, or its guard. */
  program = 'slotd.py';

  constructor() {
    chmodSync(this.folder, 0o755);
    for (const path of [this.at.homes, this.at.state, this.at.sites]) mkdirSync(path, { recursive: true, mode: 0o755 });
  }

  async start(more: Record<string, string> = {}): Promise<void> {
    const env = {
      ...more,
      PATH: '/usr/bin:/bin',
      BERTH_STATE: this.at.state,
      BERTH_RUN: this.at.run,
      BERTH_HOMES: this.at.homes,
      BERTH_CGROUP: this.cgroup,
    };
    const child = spawn(PYTHON, ['-I', '-S', '-u', join(this.at.slotdFolder, this.program)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    child.stderr.on('data', piece => {
      this.said += piece;
    });
    await new Promise<void>((done, fail) => {
      child.stdout.on('data', piece => String(piece).includes('slotd ready') && done());
      child.on('exit', code => fail(new Error(`slotd ended with ${code}: ${this.said}`)));
    });
  }

  /** Ends slotd by a signal and waits for it. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const over = new Promise(done => child.on('exit', done));
    child.kill(signal);
    await over;
  }

  /** Ends everything and takes the folder and the groups away. */
  async clear(): Promise<void> {
    await this.end();
    for (const folder of this.groups()) spawnSync('/usr/bin/rmdir', ['-p', '--ignore-fail-on-non-empty', folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What the kernel says of slotd itself. */
  proc(): string {
    return readFileSync(`/proc/${this.child?.pid}/status`, 'utf8');
  }

  /** Every control group folder below ours, the deepest first. */
  groups(): string[] {
    const found: string[] = [];
    const walk = (folder: string) => {
      if (!existsSync(folder)) return;
      for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) walk(join(folder, entry.name));
      found.push(folder);
    };
    const tops = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map(name => `/sys/fs/cgroup/${name}`)];
    for (const top of tops) walk(join(top, this.cgroup));
    return found;
  }

  /** Asks the control socket one thing. */
  async ask(
    request: object,
  ): Promise<{ ok: boolean; error?: string; slots?: SlotStatus[]; alive?: number; stacks?: string[]; zygotes?: ZygoteStatus[] }> {
    return new Promise((done, fail) => {
      const line = connect(this.at.slotdSocket);
      let text = '';
      line.on('connect', () => line.write(`${JSON.stringify(request)}\n`));
      line.on('data', piece => {
        text += piece;
        if (text.endsWith('\n')) {
          line.end();
          done(JSON.parse(text));
        }
      });
      line.on('error', fail);
      line.on('close', () => fail(new Error('slotd closed the line without an answer')));
    });
  }

  async status(name: string): Promise<SlotStatus> {
    const { slots = [] } = await this.ask({ op: 'status', account: name.split('.')[0] });
    const found = slots.find(slot => slot.name === name);
    if (!found) throw new Error(`no slot ${name}`);
    return found;
  }

  /** Waits until the slot is as wanted. */
  async until(name: string, wanted: (status: SlotStatus) => boolean, seconds = 15): Promise<SlotStatus> {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(30)) {
      const status = await this.status(name);
      if (wanted(status)) return status;
    }
    throw new Error(`${name} did not come to it: ${JSON.stringify(await this.status(name))}\n${this.log(name).slice(-2000)}`);
  }

  /** Makes an account's home and an app's files in it, as the agent would. */
  make(
    account: string,
    app: string,
    files: Record<string, string>,
    more: Record<string, unknown> = {},
    env: Record<string, string> = {},
  ): Spec {
    const { at } = this;
    const home = at.home(account);
    const uid = existsSync(join(home, '.uid')) ? Number(readFileSync(join(home, '.uid'), 'utf8')) : nextUid++;
    const root = at.current(account, app);
    for (const [file, text] of Object.entries({ ...files, '../../../.uid': String(uid) })) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
    spawnSync('/usr/bin/chown', ['-R', `${uid}:${uid}`, home]);
    chmodSync(home, 0o710);
    for (const [folder, owner, mode] of [
      [at.user(account), 0, 0o751],
      [at.tmp(account), uid, 0o700],
    ] as const) {
      mkdirSync(folder, { recursive: true });
      chownSync(folder, owner, owner);
      chmodSync(folder, mode);
    }
    const environment = { HOME: home, PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', PYTHONUNBUFFERED: '1', ...env };
    writeFileSync(at.userEnv(account, app), JSON.stringify(environment), { mode: 0o640 });
    chownSync(at.userEnv(account, app), 0, uid);
    const name = at.slotName(account, app, more.process as string);
    const spec = {
      ...{ version: 1, name, account, app, uid, gid: uid, generation: 1, mode: 'on-demand', kind: 'wsgi' },
      ...{ entry: 'app:application', home, root, venv: `${root}/.venv`, stack: null, socket: join(at.slotSockets, `${name}.sock`) },
      ...{ environment: at.userEnv(account, app), tmp: at.tmp(account), log: at.log(account, app, 'app'), logBytes: 4_194_304 },
      ...{ idleSeconds: 60, startSeconds: 20, limits: { memoryMb: 128, cpuPercent: 200, processes: 30, openFiles: 256 } },
      ...{ account_limits: { memoryMb: 512, cpuPercent: 400, processes: 100 }, ...more },
    };
    this.write(spec);
    return spec;
  }

  write(spec: Spec): void {
    mkdirSync(this.at.slotSpecs, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.at.slotSpecs, `${spec.name}.json`), JSON.stringify(spec), { mode: 0o600 });
  }

  /** Makes an app and loads its slot. */
  async load(...what: Parameters<Held['make']>): Promise<Spec> {
    const spec = this.make(...what);
    const answer = await this.ask({ op: 'load', name: spec.name });
    if (!answer.ok) throw new Error(answer.error);
    return spec;
  }

  async get(name: string, path = '/', method = 'GET', body: string | Buffer = ''): Promise<Answer> {
    const head = `${method} ${path} HTTP/1.0\r\nHost: x.localhost\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
    const [account = '', app = ''] = name.split('.');
    return parse(await raw(this.at.slotSocket(account, app), Buffer.concat([Buffer.from(head), Buffer.from(body)])));
  }

  log(name: string, stream: 'app' | 'access' = 'app'): string {
    const [account = '', app = ''] = name.split('.');
    const path = this.at.log(account, app, stream);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** Waits until the app's log says something. */
  async says(name: string, wanted: RegExp, seconds = 10): Promise<string> {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(30)) {
      if (wanted.test(this.log(name))) return this.log(name);
    }
    throw new Error(`the log of ${name} never said ${wanted}: ${this.log(name).slice(-2000)}`);
  }
}

/** A slot server for one test, cleared away afterwards whatever happens. */
export async function held(t: ExecutionContext, env: Record<string, string> = {}): Promise<Held> {
  t.timeout(60_000);
  const server = new Held();
  t.teardown(() => server.clear());
  await server.start(env);
  return server;
}
