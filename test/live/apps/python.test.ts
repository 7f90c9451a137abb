import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { Family } from '../../../agent/start/family.ts';
import { layFoundation } from '../../../agent/start/ground.ts';
import { places } from '../../../agent/start/places.ts';
import { nginx } from '../../../agent/start/programs.ts';
import { ask } from '../../../agent/start/ready.ts';
import { readSettings, type Settings } from '../../../agent/start/settings.ts';
import { machine } from '../../../provisioning/machine/index.ts';
import { Held, live } from '../slotd/held.ts';
import { parse, raw } from '../slotd/talk.ts';
import { APPS, type App, PACKAGES, passenger } from './python-apps.ts';
import { Talk } from './websocket.ts';

const test = anyTest as TestFn<{ server: Held; settings: Settings; family: Family; venv: string }>;
const serial = live(test as TestFn) as typeof test.serial;
const WEB = 33;
const HOST = 'talk-ada.localhost';

function freePort(): Promise<number> {
  return new Promise(done => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function run(program: string, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

test.before(async t => {
  if (process.getuid?.() !== 0) return;
  t.timeout(240_000);
  const server = new Held();
  const { at } = server;
  const settings = readSettings({
    ...process.env,
    BERTH_STATE: at.state,
    BERTH_RUN: at.run,
    BERTH_HOMES: at.homes,
    BERTH_CGROUP: at.cgroup,
    BERTH_SITES_PORT: String(await freePort()),
    BERTH_DATABASE_URL: '',
    BERTH_MYSQL_URL: '',
  });
  t.context = { server, settings, family: new Family(), venv: join(at.home('ada'), 'venv') };
  const host = machine(at, { databaseUrl: async () => '', buildEnvironment: {} });
  await layFoundation(host, { ...settings.wanted, embeddedDatabase: false, stacks: [] });
  // One environment for all of them, made as a customer would; the machine's own settings for pip apply.
  run('/usr/bin/python3', ['-m', 'venv', t.context.venv]);
  const quiet = ['install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:', '--no-compile'];
  run(join(t.context.venv, 'bin/python'), ['-m', 'pip', ...quiet, ...PACKAGES]);
  await server.start();
  await t.context.family.add(nginx(settings, places(at)));
});

test.after.always(async t => {
  await t.context.family?.stop(t.context.server.cgroup);
  await t.context.server?.clear();
});

const SLOT = { idleSeconds: 1, limits: { memoryMb: 256, cpuPercent: 200, processes: 30, openFiles: 256 } };
const ROOM = { account_limits: { memoryMb: 4096, cpuPercent: 400, processes: 400 } };

async function load(t: ExecutionContext<{ server: Held; venv: string }>, name: string, app: App): Promise<string> {
  const { server, venv } = t.context;
  const spec = await server.load('ada', name, app.files, { ...SLOT, ...ROOM, venv, ...app.slot });
  return spec.name;
}

/** Wakes, answers, takes a form, sleeps, wakes again. */
async function lives(t: ExecutionContext<{ server: Held; venv: string }>, app: string, name: string): Promise<void> {
  const { server } = t.context;
  const word = app.replace('-asgi', '');
  const form = 'POST /hello HTTP/1.0\r\nHost: x.localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n';
  t.is((await server.get(name, '/hello')).body.trim(), `GET ${word}`, `${app}\n${server.log(name)}`);
  const socket = server.at.slotSocket('ada', app);
  const answer = parse(await raw(socket, `${form}Content-Length: 9\r\nConnection: close\r\n\r\nword=plum`));
  t.is(answer.body, `POST ${word} plum`, `${app}\n${server.log(name)}`);
  await server.until(name, status => status.state === 'asleep' && status.pids.length === 0 && status.requests === 2);
  t.is((await server.get(name, '/hello')).body.trim(), `GET ${word}`, app);
  await server.until(name, status => status.wakes > 1);
}

serial('real Django, Flask, FastAPI, Pyramid, Bottle, CherryPy and Zope apps wake, answer, take a form, sleep and wake again', async t => {
  t.timeout(120_000);
  const names = Object.keys(APPS);
  // Two at a time: a first start compiles what pip left to it.
  const turn = async (from: number) => {
    for (let n = from; n < names.length; n += 2) {
      const app = names[n] as string;
      await lives(t, app, await load(t, app, APPS[app] as App));
    }
  };
  await Promise.all([turn(0), turn(1)]);
  await t.context.server.says('ada.fastapi', /O fastapi went to sleep in order/);
});

serial('a passenger_wsgi.py that asks for an interpreter of its own runs unchanged, and heeds tmp/restart.txt', async t => {
  const { server } = t.context;
  const version = run('/usr/bin/python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  const old = join(server.at.home('ada'), 'virtualenv/old', version);
  mkdirSync(join(old, 'bin'), { recursive: true });
  mkdirSync(join(old, 'lib', `python${version}`, 'site-packages'), { recursive: true });
  symlinkSync('/usr/bin/python3', join(old, 'bin', `python${version}`));
  writeFileSync(join(old, 'pyvenv.cfg'), 'home = /usr/bin\n');
  writeFileSync(join(old, 'lib', `python${version}`, 'site-packages', 'only_there.py'), 'WORD = 1\n');
  const app = passenger(version);
  const name = await load(t, 'passenger', app);
  await lives(t, 'passenger', name);
  const root = server.at.current('ada', 'passenger');
  writeFileSync(join(root, 'name.txt'), 'renamed');
  t.is((await server.get(name)).body.trim(), 'GET passenger');
  mkdirSync(join(root, 'tmp'), { recursive: true });
  writeFileSync(join(root, 'tmp/restart.txt'), '');
  await pause(100);
  t.is((await server.get(name)).body.trim(), 'GET renamed');
});

serial('a visitor talks with a FastAPI app over a WebSocket through nginx, which keeps it awake', async t => {
  const { server, settings } = t.context;
  const { at } = server;
  const name = await load(t, 'fastapi', APPS.fastapi as App);
  chownSync(at.home('ada'), Number(readFileSync(join(at.home('ada'), '.uid'), 'utf8')), WEB);
  chmodSync(at.home('ada'), 0o710);
  symlinkSync(at.slotSocket('ada', 'fastapi'), at.site(HOST));
  symlinkSync(at.home('ada'), at.siteHome(HOST));
  const port = settings.BERTH_SITES_PORT;
  await server.until(name, status => status.state === 'asleep');
  const { talk, head } = await Talk.open({ host: '127.0.0.1', port }, `${HOST}:${port}`, '/echo');
  t.regex(head, /^HTTP\/1.1 101 /);
  const { status, body } = await ask({ host: '127.0.0.1', port, path: '/hello', headers: { Host: `${HOST}:${port}` } });
  t.deepEqual([status, body], [200, 'GET fastapi ']);
  await pause(2200);
  t.is((await server.status(name)).state, 'running', 'an open WebSocket is use');
  talk.say('plum');
  t.is(await talk.hear(), `127.0.0.1 ${HOST} plum`);
  talk.close();
  await server.until(name, now => now.state === 'asleep' && now.pids.length === 0);
});
