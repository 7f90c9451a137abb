import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Answer, ask } from './ask.ts';

const READY_SECONDS = 420;

/** A free port on loopback. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}

/** One Berth started by `npm start` as a new user would, in folders and on ports of its own. */
export interface Instance {
  env: Record<string, string>;
  token: string;
  password: string;
  output: string[];
  panelPort: number;
  sitesPort: number;
  process: ChildProcess;
  /** One REST call with the administrator's token; `path` begins behind /api/v1. */
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** One visit to a site through nginx. */
  visit(
    host: string,
    path?: string,
    options?: { method?: string; body?: Buffer | string; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** Waits until a job has ended and answers it. */
  // biome-ignore lint/suspicious/noExplicitAny: a job as the API answers it
  job(id: string, seconds?: number): Promise<any>;
  stop(): Promise<number | null>;
}

/** The settings of an instance that collides with no other on this machine. */
export async function instanceSettings(): Promise<Record<string, string>> {
  const folder = await mkdtemp('/tmp/bj-');
  // Customers and the web server pass through it.
  await chmod(folder, 0o711);
  const id = folder
    .slice('/tmp/bj-'.length)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, 'x');
  return {
    BERTH_STATE: join(folder, 'state'),
    BERTH_RUN: join(folder, 'run'),
    BERTH_HOMES: join(folder, 'homes'),
    BERTH_CGROUP: `berth-test-${id}`,
    // Users and numbers are the machine's: these keep apart from a Berth that runs here for real.
    BERTH_FIRST_UID: '480000',
    BERTH_DEMO_ACCOUNT: 'demotest',
    BERTH_PANEL_PORT: String(await freePort()),
    BERTH_SITES_PORT: String(await freePort()),
    BERTH_WHM_PORT: String(await freePort()),
    BERTH_WHM_REPAIR: '1',
    BERTH_ADMIN_TOKEN: `berth_test_${id}_0123456789abcdef0123456789`,
    BERTH_ADMIN_PASSWORD: `sesame-${id}-open`,
  };
}

/** Types `npm start` and waits for the line that says it is ready. Throws with the output when that line does not come. */
export async function startInstance(settings: Record<string, string>, say: (line: string) => void = () => {}): Promise<Instance> {
  const child = spawn('npm', ['start'], { env: { ...process.env, ...settings }, stdio: ['ignore', 'pipe', 'pipe'], cwd: process.cwd() });
  const output: string[] = [];
  await new Promise<void>((done, fail) => {
    const complain = (why: string) => fail(new Error(`${why}\n${output.slice(-40).join('\n')}`));
    const timer = setTimeout(() => complain(`not ready after ${READY_SECONDS} seconds`), READY_SECONDS * 1000);
    let rest = '';
    const read = (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        output.push(line);
        say(line);
        if (line.trim() === 'Berth is ready') done();
      }
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', read);
    child.once('exit', code => complain(`npm start ended with ${code}`));
    child.once('spawn', () => child.once('close', () => clearTimeout(timer)));
  });
  const panelPort = Number(settings.BERTH_PANEL_PORT);
  const sitesPort = Number(settings.BERTH_SITES_PORT);
  const token = settings.BERTH_ADMIN_TOKEN ?? '';
  const api: Instance['api'] = (method, path, body, headers = {}) =>
    ask(panelPort, method, `/api/v1${path}`, {
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    });
  return {
    env: settings,
    token,
    password: settings.BERTH_ADMIN_PASSWORD ?? '',
    output,
    panelPort,
    sitesPort,
    process: child,
    api,
    visit: (host, path = '/', { method = 'GET', body, headers = {} } = {}) =>
      ask(sitesPort, method, path, { body, headers: { Host: `${host}:${sitesPort}`, ...headers } }),
    job: (id, seconds = 300) => waitForJob(api, id, seconds),
    stop: () => stop(child),
  };
}

async function waitForJob(api: Instance['api'], id: string, seconds: number) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const { json } = await api('GET', `/jobs/${id}`);
    const job = json();
    if (job.state === 'done' || job.state === 'failed') return job;
    if (Date.now() > deadline) throw new Error(`job ${id} is still ${job.state} after ${seconds} s: ${JSON.stringify(job.steps?.at(-1))}`);
    await new Promise(go => setTimeout(go, 150));
  }
}

/** Ctrl-C, and the exit status. */
function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise(done => {
    child.once('exit', code => done(code));
    child.kill('SIGINT');
  });
}

/** Deletes the folders of an instance that has stopped. */
export async function discard(settings: Record<string, string>): Promise<void> {
  const folder = settings.BERTH_STATE?.replace(/\/state$/, '');
  if (!folder?.startsWith('/tmp/bj-')) return;
  await rm(folder, { recursive: true, force: true });
  // The accounts' records are the machine's; those of this instance go with it.
  for (const file of await readdir('/etc/userdb')) {
    const text = await readFile(`/etc/userdb/${file}`, 'utf8').catch(() => '');
    if (!text.includes(`"homeDirectory":"${folder}/`)) continue;
    const { userName, uid } = JSON.parse(text);
    for (const name of [userName, uid]) for (const kind of ['user', 'group']) await rm(`/etc/userdb/${name}.${kind}`, { force: true });
  }
}
