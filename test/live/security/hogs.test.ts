import { symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { Family } from '../../../agent/start/family.ts';
import { layFoundation } from '../../../agent/start/ground.ts';
import { places } from '../../../agent/start/places.ts';
import { nginx } from '../../../agent/start/programs.ts';
import { ask } from '../../../agent/start/ready.ts';
import { readSettings } from '../../../agent/start/settings.ts';
import { stats } from '../../../agent/windows/stats.ts';
import { metOf } from '../../../panel/resources/met.ts';
import { accountSpec } from '../../../provisioning/account/spec.ts';
import { machine } from '../../../provisioning/machine/index.ts';
import { someLimits } from '../../factories.ts';
import { HELLO, Held, live } from '../slotd/held.ts';

const serial = live(test);
const SECONDS = 9;

/** Five ways to take everything a machine has; each goes on for as long as it is let. */
const HOG = `
import os, sys, threading, time
kept = []
def bomb():
    while True:
        try: os.fork()
        except OSError: time.sleep(0.01)
def memory():
    while True: kept.append(bytearray(4 << 20))
def cpu():
    while True: pass
def files():
    while True:
        try: kept.append(os.open("/dev/null", os.O_RDONLY))
        except OSError: time.sleep(0.01)
def log():
    while True: sys.stdout.write("x" * 1000 + "\\n")
def application(environ, start):
    act = globals().get(environ["PATH_INFO"][1:])
    for _ in range(3 if act else 0): threading.Thread(target=act, daemon=True).start()
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"begun"]
`;
const HOGS = { bomb: 'Processes', memory: 'Memory', cpu: 'CPU', files: 'Open files', log: 'Output' };

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** A slot server behind a web server of its own. */
async function behindNginx(teardown: (act: () => Promise<void>) => void) {
  const [server, family] = [new Held(), new Family()];
  teardown(() => family.stop(server.cgroup));
  teardown(() => server.clear());
  const { state, run, homes } = server.at;
  const roots = { BERTH_STATE: state, BERTH_RUN: run, BERTH_HOMES: homes, BERTH_CGROUP: server.cgroup };
  const ports = { BERTH_PANEL_PORT: String(await freePort()), BERTH_SITES_PORT: String(await freePort()) };
  const settings = readSettings({ ...process.env, ...roots, ...ports, BERTH_DATABASE_URL: '', BERTH_MYSQL_URL: '' });
  const host = machine(server.at, { databaseUrl: async () => '', buildEnvironment: {} });
  await layFoundation(host, { ...settings.wanted, stacks: [], servers: [] });
  await server.start({ BERTH_LOOK_SECONDS: '2' });
  await family.add(nginx(settings, places(server.at)));
  const visit = (name: string, path = '/') =>
    ask({ host: '127.0.0.1', port: settings.BERTH_SITES_PORT, path, method: 'GET', headers: { Host: name } });
  return { server, host, visit };
}

serial('whatever one customer takes, the others’ pages come in under a second, and his own page says what he met (P5)', async t => {
  t.timeout(120_000);
  const { server, host, visit } = await behindNginx(act => t.teardown(act));
  const limits = { memoryMb: 96, cpuPercent: 50, processes: 20, openFiles: 128 };
  const account_limits = { memoryMb: 384, cpuPercent: 150, processes: 90 };
  // On a busy machine an app may not even get half a processor; a tenth it always gets.
  for (const app of Object.keys(HOGS)) {
    const own = app === 'cpu' ? { ...limits, cpuPercent: 10 } : limits;
    await server.load('ada', app, { 'app.py': HOG }, { limits: own, account_limits });
  }
  for (const app of ['shop', 'asleep']) {
    await server.load('bob', app, { 'app.py': HELLO });
    symlinkSync(server.at.slotSocket('bob', app), server.at.site(`${app}-bob.localhost`));
    symlinkSync(server.at.home('bob'), server.at.siteHome(`${app}-bob.localhost`));
  }
  t.is((await visit('shop-bob.localhost')).body, '0 /');
  const before = (await server.status('bob.shop')).pids;
  const watch = stats(host);
  await watch.sample();
  // Nobody waits for their answers: a bomb's children hold the connection open.
  for (const app of Object.keys(HOGS)) server.get(`ada.${app}`, `/${app}`).catch(() => null);
  const took: number[] = [];
  const timed = async (name: string) => {
    const began = performance.now();
    const { status } = await visit(name);
    took.push(status === 200 ? performance.now() - began : 60_000);
  };
  for (const end = Date.now() + SECONDS * 1000; Date.now() < end; await pause(50)) {
    await timed('shop-bob.localhost');
    // Who was ended comes again at the next visit, and begins anew.
    if (took.length % 20 === 0) server.get('ada.memory', '/memory').catch(() => null);
  }
  await timed('asleep-bob.localhost');
  t.log(
    `${took.length} visits, the slowest ${Math.round(Math.max(...took))} ms, the wake beside it all ${Math.round(took.at(-1) ?? 0)} ms`,
  );
  t.true(Math.max(...took) < 1000);
  t.deepEqual((await server.status('bob.shop')).pids, before, server.log('bob.shop'));
  t.deepEqual(Object.values((await server.status('bob.shop')).limitHits), [0, 0, 0, 0, 0, 0]);
  await watch.sample();
  const own = { ...accountSpec.shape.limits.parse(someLimits), memoryMb: 96, cpuPercent: 50, processes: 20 };
  for (const [app, what] of Object.entries(HOGS)) {
    const met = metOf(await watch.series(`ada.${app}`, '24h'), own, 'in the last 24 hours');
    t.true(
      met.some(one => one.what === what),
      `${app}: ${JSON.stringify(met)} ${JSON.stringify((await server.status(`ada.${app}`)).limitHits)}`,
    );
  }
  const [said] = metOf(await watch.series('ada.memory', '24h'), own, 'in the last 24 hours');
  t.regex(said?.sentence ?? '', /^Your app used all of its 96 MB of memory (once|\d+ times) in the last 24 hours and was ended\./);
  const began = Date.now();
  for (const app of Object.keys(HOGS)) t.true((await server.ask({ op: 'unload', name: `ada.${app}` })).ok, `${app} could be ended`);
  t.true(Date.now() - began < 10_000);
});
