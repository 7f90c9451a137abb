import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import type { ZygoteStatus } from '../../../provisioning/stacks/spec.ts';
import { HELLO, type Held, held, live } from './held.ts';
import { holds } from './memory.ts';
import { foundPythons, otherPython } from './pythons.ts';
import { processes } from './talk.ts';
import { eventually } from './until.ts';

const serial = live(test);

const SEED = `
import os, sys
def application(environ, start):
    start("200 OK", [("X-Pid", str(os.getpid())), ("X-Version", "%d.%d" % sys.version_info[:2])])
    return [str(hash("berth")).encode()]
`;

/** Keeps its secret in a variable, as apps do. */
const KEEP = `import os\nKEPT = os.environ["SECRET_KEY"]\n${HELLO}`;

const zygotes = async (server: Held): Promise<ZygoteStatus[]> => (await server.ask({ op: 'zygotes' })).zygotes ?? [];
const bareOf = async (server: Held) => (await zygotes(server)).find(one => one.stack === null && one.account === null);

/** A stack with one package of our own making, so that nothing has to be fetched. */
function makeStack(server: Held, id: string, packages: Record<string, string> = { plum: '1.0' }): void {
  const folder = join(server.at.stack(id), 'site-packages');
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(join(folder, 'plum.py'), 'WORD = "from the stack"\n');
  writeFileSync(join(server.at.stack(id), 'stack.json'), JSON.stringify({ id, python: '/usr/bin/python3', packages, preload: ['plum'] }));
}

serial('a zygote starts on first need and is retired when nobody needs it', async t => {
  const server = await held(t, { BERTH_ZYGOTE_IDLE_SECONDS: '1' });
  t.deepEqual(await zygotes(server), []);
  const { name } = await server.load('ada', 'blog', { 'app.py': HELLO });
  t.is((await server.get(name)).status, 200);
  const bare = await bareOf(server);
  t.is(bare?.state, 'ready');
  t.true((bare?.memoryBytes ?? 0) > 1 << 20);
  await eventually(async () => (await zygotes(server)).length === 0);
  t.is((await server.get(name)).status, 200, 'what it forked lives on');
});

serial('with stack apps only there is no bare zygote, and a removed stack is fallen from', async t => {
  const server = await held(t);
  makeStack(server, 'plum-1');
  const app = `import sys\nLOADED = "plum" in sys.modules\n${HELLO.replace('%d %s" % (size, environ["PATH_INFO"])', '%s" % LOADED')}`;
  const venv = '.venv/lib/python3.11/site-packages/plum-1.0.dist-info/METADATA';
  const files = { 'app.py': app, [venv.replace('3.11', version())]: 'x' };
  const { name } = await server.load('ada', 'blog', files, { stack: 'plum-1', idleSeconds: 1 });
  t.is((await server.get(name)).body, 'True');
  t.deepEqual(
    (await zygotes(server)).map(one => one.stack),
    ['plum-1'],
  );
  spawnSync('/usr/bin/rm', ['-rf', server.at.stack('plum-1')]);
  await server.until(name, status => status.state === 'asleep');
  t.is((await server.get(name)).body, 'False');
});

function version(): string {
  return spawnSync('/usr/bin/python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2], end="")'], { encoding: 'utf8' }).stdout;
}

serial('a zygote is replaced on the timer and when its stack changes, and no request is lost', async t => {
  const server = await held(t, { BERTH_ZYGOTE_SECONDS: '1.5' });
  makeStack(server, 'plum-1');
  const files = { 'app.py': SEED, [`.venv/lib/python${version()}/site-packages/plum-1.0.dist-info/METADATA`]: 'x' };
  const bare = await server.load('ada', 'blog', { 'app.py': SEED }, { mode: 'per-request', idleSeconds: 1 });
  const stacked = await server.load('bob', 'shop', files, { stack: 'plum-1', idleSeconds: 1 });
  const seeds = new Set<string>();
  const pids = new Set<number>();
  let refused = 0;
  for (const end = Date.now() + 7000; Date.now() < end; ) {
    for (const { name } of [bare, stacked]) {
      const answer = await server.get(name).catch(() => null);
      if (answer?.status === 200) seeds.add(answer.body);
      else refused++;
    }
    for (const { pid } of await zygotes(server)) if (pid) pids.add(pid);
    await new Promise(done => setTimeout(done, 1150));
  }
  t.is(refused, 0);
  t.true(pids.size >= 5, `two lines, renewed several times: ${pids.size}`);
  t.true(seeds.size >= 3, `each with a hash seed of its own: ${seeds.size}`);
  const before = (await zygotes(server)).find(one => one.stack === 'plum-1')?.pid;
  utimesSync(join(server.at.stack('plum-1'), 'stack.json'), new Date(), new Date());
  await eventually(async () => {
    await server.get(stacked.name);
    const now = (await zygotes(server)).find(one => one.stack === 'plum-1')?.pid;
    return now !== undefined && now !== before;
  });
});

serial('isolation strict: zygotes of the account’s own, with their own hash seed, gone when it sleeps', async t => {
  const server = await held(t, { BERTH_ZYGOTE_IDLE_SECONDS: '1' });
  const one = await server.load('ada', 'blog', { 'app.py': SEED });
  const two = await server.load('bob', 'shop', { 'app.py': SEED });
  const strict = await server.load('carl', 'safe', { 'app.py': SEED }, { isolation: 'strict', idleSeconds: 1 });
  const second = await server.load('carl', 'other', { 'app.py': SEED }, { isolation: 'strict', idleSeconds: 1 });
  const seed = async (name: string) => (await server.get(name)).body;
  t.is(await seed(one.name), await seed(two.name), 'neighbours share the seed of their zygote');
  t.not(await seed(strict.name), await seed(one.name));
  t.is(await seed(second.name), await seed(strict.name), 'one account, one zygote');
  const own = (await zygotes(server)).filter(entry => entry.account === 'carl');
  t.is(own.length, 1);
  t.true((own[0]?.memoryBytes ?? 0) > 1 << 20);
  await eventually(async () => (await zygotes(server)).every(entry => entry.account === null));
});

serial('another interpreter runs apps too, when it is root’s own', async t => {
  const server = await held(t);
  const python = otherPython(server.folder);
  if (!python) {
    t.log('skipped: there is no other CPython on this machine');
    return t.pass();
  }
  const short = python.split('/python').pop() ?? '';
  const { name } = await server.load('ada', 'blog', { 'app.py': SEED }, { python });
  const answer = await server.get(name);
  t.is(answer.headers['x-version'], short, server.log(name));
  t.deepEqual(
    (await zygotes(server)).map(one => one.python),
    [python],
  );
  // A package update of the interpreter.
  const before = (await zygotes(server))[0]?.pid;
  utimesSync(join(dirname(dirname(python)), 'lib', `python${short}`), new Date(), new Date());
  await eventually(async () => {
    await server.load('eve', 'shop', { 'app.py': SEED }, { python });
    return (await zygotes(server))[0]?.pid !== before;
  });
  spawnSync('/usr/bin/chmod', ['o+w', join(dirname(dirname(python)), 'lib', `python${short}`)]);
  const refused = await server.load('bob', 'shop', { 'app.py': SEED }, { python, isolation: 'strict' });
  t.is((await server.get(refused.name)).status, 503);
  await server.says(refused.name, /must belong to root and be writable by root only/);
});

serial('no secret of a tenant is ever in any zygote: of a stack, strict, per-request or renewed', async t => {
  const server = await held(t, { BERTH_ZYGOTE_SECONDS: '2' });
  makeStack(server, 'plum-1');
  // All end alike, so that one look finds any of them.
  const canary = (who: string) => `${who}${['-canary', String(process.pid), 'bird'].join('-')}`;
  const files = { 'app.py': KEEP, [`.venv/lib/python${version()}/site-packages/plum-1.0.dist-info/METADATA`]: 'x' };
  const kinds: Record<string, Record<string, unknown>> = {
    ...{ ada: { stack: 'plum-1' }, bob: {}, carl: { isolation: 'strict' }, dora: { isolation: 'strict', stack: 'plum-1' } },
    ...{ eve: { mode: 'per-request' }, fred: { mode: 'always-on', stack: 'plum-1' } },
  };
  for (const [who, more] of Object.entries(kinds)) await server.load(who, 'app', files, more, { SECRET_KEY: canary(who) });
  const seen = new Set<number>();
  for (let round = 0; round < 2; round++) {
    for (const who of Object.keys(kinds)) t.is((await server.get(`${who}.app`)).status, 200);
    t.is((await zygotes(server)).length, 4);
    for (const { pid } of await zygotes(server)) if (pid) seen.add(pid);
    const workers = new Set((await server.ask({ op: 'status' })).slots?.flatMap(slot => slot.pids));
    // slotd itself, its zygotes, their blank children and the log: everything but the workers.
    const ours = processes('slotd/').filter(
      ({ pid, parent }) => (pid === server.child?.pid || parent === server.child?.pid) && !workers.has(pid),
    );
    t.true(ours.length >= 6, String(ours.length));
    for (const { pid } of ours) t.false(await holds(pid, canary('')), String(pid));
    await new Promise(done => setTimeout(done, 1200));
  }
  t.true(seen.size > 4, 'renewed meanwhile');
});

serial('slotd’s own code runs under every CPython from 3.9 on', t => {
  const code = join(import.meta.dirname, '../../../agent');
  const all = readdirSync(join(code, 'slotd')).filter(name => name.endsWith('.py') && name !== '__init__.py');
  // These act when they are imported only as programs; parsing them by the other version is what matters.
  const program = `import ast, sys; sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    ast.parse(open(f"{sys.argv[1]}/slotd/{name}.py").read(), name)
import importlib
for name in sys.argv[2:]:
    importlib.import_module("slotd." + name)`;
  const names = all.map(name => name.slice(0, -'.py'.length));
  for (const version of ['host', ...foundPythons()]) {
    const python = version === 'host' ? '/usr/bin/python3' : `/root/.pyenv/versions/${version}/bin/python3`;
    const { status, stderr } = spawnSync(python, ['-I', '-S', '-B', '-c', program, code, ...names], { encoding: 'utf8' });
    t.is(status, 0, `${version}: ${stderr}`);
  }
});
