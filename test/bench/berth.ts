import type { ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { layout } from '../../provisioning/layout.ts';
import type { SlotStatus } from '../../provisioning/slot/spec.ts';
import type { Ground, User } from './ground.ts';
import { accepts } from './peers.ts';
import { run, start, stop } from './process.ts';

const CODE = resolve(import.meta.dirname, '../..');

/** What one slot is like. */
export interface Wanted {
  app: string;
  kind: 'django' | 'own' | 'flask';
  stack: string | null;
  idle: number;
  /** On demand unless said otherwise. */
  mode?: 'per-request';
}

/** A private slot server with everything on: control groups, limits, jail and logs. */
export class Berth {
  readonly cgroup: string;
  readonly at: ReturnType<typeof layout>;
  child: ChildProcess | null = null;
  ground: Ground;
  /** Its short name, also the last part of its sites' names. */
  id: string;

  constructor(ground: Ground, id: string) {
    this.ground = ground;
    this.id = id;
    this.cgroup = `berth-bench-${process.pid}-${id}`;
    const roots = { state: join(ground.folder, id, 's'), run: join(ground.folder, id, 'r'), homes: ground.homes };
    this.at = layout({ ...roots, code: CODE, cgroup: this.cgroup });
    const { at } = this;
    for (const path of [at.state, at.run, at.sites]) mkdirSync(path, { recursive: true, mode: 0o755 });
    mkdirSync(at.slotSpecs, { mode: 0o700 });
    for (const [stack, record] of Object.entries(ground.stacks)) this.addStack(stack, record);
    for (const user of ground.users) this.addUser(user);
  }

  private addStack(id: string, record: string): void {
    mkdirSync(this.at.stack(id), { recursive: true, mode: 0o755 });
    run(['/bin/cp', '-al', this.ground.shared, join(this.at.stack(id), 'site-packages')]);
    writeFileSync(join(this.at.stack(id), 'stack.json'), record);
  }

  private addUser({ name, uid, home }: User): void {
    const { at } = this;
    for (const [folder, owner, mode] of [
      [at.user(name), 0, 0o751],
      [at.tmp(name), uid, 0o700],
    ] as const) {
      mkdirSync(folder, { recursive: true });
      chownSync(folder, owner, owner);
      chmodSync(folder, mode);
    }
    const environment = { HOME: home, USER: name, PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', PYTHONUNBUFFERED: '1' };
    writeFileSync(at.userEnv(name, 'bench'), JSON.stringify(environment), { mode: 0o640 });
    chownSync(at.userEnv(name, 'bench'), 0, uid);
  }

  /** Writes a slot's spec and its site's link; `load` or a start of slotd takes it up. Returns the site's host name. */
  write(user: User, wanted: Wanted): string {
    const { at } = this;
    const { app } = wanted;
    const root = user[wanted.kind];
    const spec = {
      ...{ version: 1, name: at.slotName(user.name, app), account: user.name, app, uid: user.uid, gid: user.uid, generation: 1 },
      ...{ mode: wanted.mode ?? 'on-demand', kind: 'wsgi', entry: wanted.kind === 'flask' ? 'hello:application' : 'wsgi:application' },
      ...{ home: user.home, root, venv: `${root}/.venv`, stack: wanted.stack, socket: at.slotSocket(user.name, app) },
      ...{ environment: at.userEnv(user.name, 'bench'), tmp: at.tmp(user.name), log: at.log(user.name, app, 'app') },
      ...{ logBytes: 4_194_304, idleSeconds: wanted.idle, startSeconds: 60 },
      limits: { memoryMb: 512, cpuPercent: 100, processes: 50, openFiles: 1024 },
      account_limits: { memoryMb: 1024, cpuPercent: 200, processes: 100 },
    };
    writeFileSync(at.slotSpec(user.name, app), JSON.stringify(spec), { mode: 0o600 });
    const host = `${app}-${user.n}.${this.id}`;
    if (!existsSync(at.site(host))) symlinkSync(at.slotSocket(user.name, app), at.site(host));
    return host;
  }

  /** Starts slotd under its guard and waits until it says that it is ready. */
  async start(): Promise<void> {
    const { at } = this;
    const env = { BERTH_STATE: at.state, BERTH_RUN: at.run, BERTH_HOMES: at.homes, BERTH_CGROUP: this.cgroup };
    const argv = ['/usr/bin/python3', '-I', '-S', '-u', join(at.slotdFolder, 'guard.py')];
    this.child = start(argv, { env, log: join(this.ground.folder, `${this.id}.log`) });
    await accepts({ path: at.slotdSocket }, 60);
  }

  /** The process id of the guard, below which everything else runs. */
  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Asks the control socket one thing; a refusal is an error. */
  ask(request: object): Promise<Record<string, unknown>> {
    return new Promise((done, fail) => {
      const line = connect(this.at.slotdSocket);
      let text = '';
      line.on('connect', () => line.write(`${JSON.stringify(request)}\n`));
      line.on('data', piece => {
        text += piece;
        if (!text.endsWith('\n')) return;
        line.end();
        const answer = JSON.parse(text);
        if (answer.ok) done(answer);
        else fail(new Error(answer.error));
      });
      line.on('error', fail);
    });
  }

  /** Makes slotd take up a spec. */
  load(user: User, app: string): Promise<unknown> {
    return this.ask({ op: 'load', name: this.at.slotName(user.name, app) });
  }

  /** Waits until no slot of a user has a process. */
  async asleep(user: User): Promise<void> {
    for (const end = Date.now() + 30_000; ; await pause(50)) {
      const { slots } = await this.ask({ op: 'status', account: user.name });
      const awake = (slots as SlotStatus[]).filter(({ state, pids }) => state !== 'asleep' || pids.length > 0);
      if (awake.length === 0) return;
      if (Date.now() > end) throw new Error(`${awake[0]?.name} does not fall asleep.`);
    }
  }

  /** Ends a slot's processes and lets it sleep again: unloaded and loaded. */
  async sleep(user: User, app: string): Promise<void> {
    await this.ask({ op: 'unload', name: this.at.slotName(user.name, app) });
    await this.load(user, app);
  }

  /** Ends slotd and takes its control groups away. */
  async end(): Promise<void> {
    if (this.child) await stop(this.child);
    const tops = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map(name => join('/sys/fs/cgroup', name))];
    for (const top of tops) removeGroups(join(top, this.cgroup));
  }
}

function removeGroups(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isDirectory()) removeGroups(join(folder, entry.name));
  try {
    rmdirSync(folder);
  } catch {
    // Something still ends in it, or another tree of the same mount has taken it already.
  }
}
