import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { type Guarded, guarded } from './guarded.ts';
import { HELLO, held, live } from './held.ts';
import { processes } from './talk.ts';

const serial = live(test);

const SLOW = `
import os, time
def application(environ, start):
    time.sleep(float(environ["QUERY_STRING"] or 0))
    print("served", environ["PATH_INFO"])
    start("200 OK", [("X-Pid", str(os.getpid()))])
    return [environ["PATH_INFO"].encode()]
`;

const COMMAND = `
import os, socket
listener = socket.socket(fileno=3)
while True:
    conn, _ = listener.accept()
    conn.recv(65536)
    conn.sendall(b"HTTP/1.0 200 OK\\r\\nX-Pid: %d\\r\\n\\r\\ncommand" % os.getpid())
    conn.close()
`;

/** Visitors who never pause. Returns how many answers came, once told to stop; a lost request is an error. */
function visit(server: Guarded, name: string, visitors: number): () => Promise<number> {
  let going = true;
  let count = 0;
  const all = Array.from({ length: visitors }, async (_, visitor) => {
    for (let n = 0; going; n++) {
      const answer = await server.get(name, `/${visitor}-${n}`);
      if (answer.status !== 200 || answer.body !== `/${visitor}-${n}`) throw new Error(`lost: ${answer.status} ${answer.body}`);
      count++;
    }
  });
  const over = Promise.all(all);
  over.catch(() => {}); // told when it is asked for
  return async () => {
    going = false;
    await over;
    return count;
  };
}

async function load(server: Guarded) {
  const python = { 'app.py': SLOW };
  const command = { 'server.py': COMMAND };
  const argv = ['/usr/bin/python3', '-u', 'server.py'];
  const [web, two, each, other] = await Promise.all([
    server.load('ada', 'blog', python),
    server.load('bob', 'two', python, { mode: 'always-on', workers: 2 }),
    server.load('carl', 'each', python, { mode: 'per-request' }),
    server.load('dora', 'cmd', command, { kind: 'command', argv }),
  ]);
  const names = [web.name, two.name, each.name, other.name];
  for (const name of names) await server.get(name);
  await server.until(two.name, status => status.pids.length === 2);
  return { names, web, two, each, other };
}

const workersOf = async (server: Guarded, names: string[]) =>
  Promise.all(names.map(async name => (await server.status(name)).workers?.map(({ pid }) => pid).sort()));

for (const how of ['restart', 'crash'] as const) {
  serial(`${how}: running workers keep their process, and no request is lost, accepted or waiting`, async t => {
    const server = await guarded(t);
    const { names, web } = await load(server);
    const { name: asleep } = await server.load('eve', 'asleep', { 'app.py': HELLO });
    const before = await workersOf(server, names);
    t.deepEqual(
      before.map(pids => pids?.length),
      [1, 2, 1, 1],
    );
    const counted = (await server.until(web.name, status => status.requests > 0)).requests;
    const stop = [web.name, 'bob.two', 'carl.each'].map(name => visit(server, name, 2));
    const slow = server.get(web.name, '/slow?2');
    await pause(100);
    const old = await server.slotd();
    const next = server[how]();
    // Asked for while there may be no slotd at all.
    const waiting = Promise.all(Array.from({ length: 20 }, () => server.get(asleep, '/w')));
    const second = await next;
    t.not(second, old);
    t.is((await slow).body, '/slow');
    t.true((await waiting).every(answer => answer.body === '0 /w'));
    await pause(500);
    const open = readdirSync(`/proc/${second}/fd`).length;
    const third = await server[how]();
    await pause(500);
    t.true(readdirSync(`/proc/${third}/fd`).length < open + 8, 'nothing is held twice');
    t.deepEqual(await workersOf(server, names), before);
    for (const end of stop) t.true((await end()) > 5);
    t.is((await server.get('dora.cmd')).body, 'command');
    const status = await server.until(web.name, found => found.state === 'running');
    if (how === 'restart') t.true(status.requests >= counted && status.wakes === 1);
    t.regex(await server.says(web.name, /O served \/slow/), /O served \/slow/);
    // It also still falls asleep, answers a new version, and its end is told.
    process.kill(before[3]?.[0] ?? 0, 'SIGKILL');
    await server.says('dora.cmd', /the app ended: ended by SIGKILL/);
    t.is((await server.get('dora.cmd')).body, 'command');
    server.make('ada', 'blog', { 'app.py': `${SLOW}# new\n` }, { generation: 2, idleSeconds: 1 });
    t.is((await server.ask({ op: 'load', name: web.name })).error, undefined);
    const renewed = await server.until(web.name, found => found.generation === 2);
    t.notDeepEqual(
      renewed.workers?.map(({ pid }) => pid),
      before[0],
    );
    await server.until(web.name, found => found.state === 'asleep' && found.processes === 0);
    await server.end();
    t.deepEqual(processes(server.folder), []);
    for (const pid of before.flat()) t.throws(() => readFileSync(`/proc/${pid}/stat`));
  });
}

serial('the guard may be killed or upgraded too: slotd gives everything to the next one', async t => {
  const server = await guarded(t);
  const { name } = await server.load('ada', 'blog', { 'app.py': SLOW });
  const { name: asleep } = await server.load('eve', 'asleep', { 'app.py': HELLO });
  const first = (await server.get(name)).headers['x-pid'];
  const stop = visit(server, name, 2);
  const slotd = await server.slotd();
  await server.end('SIGKILL');
  t.is((await server.get(name)).headers['x-pid'], first);
  await Promise.all([server.start(), pause(1500).then(() => process.kill(slotd, 'SIGKILL'))]);
  const second = await server.slotd(slotd);
  const waiting = server.get(asleep, '/w');
  process.kill(server.child?.pid ?? 0, 'SIGUSR2');
  const third = await server.slotd(second);
  t.is((await waiting).body, '0 /w');
  process.kill(third, 'SIGKILL');
  await server.slotd(third);
  t.is((await server.get(name)).headers['x-pid'], first);
  t.true((await stop()) > 5);
  await server.end();
  t.deepEqual(processes(server.folder), []);
});

serial('what changed while slotd was away is taken up: a new version, a slot that is gone', async t => {
  const server = await guarded(t);
  const spec = await server.load('ada', 'blog', { 'app.py': SLOW });
  const gone = await server.load('bob', 'gone', { 'app.py': SLOW });
  const pids = await Promise.all([spec, gone].map(async ({ name }) => Number((await server.get(name)).headers['x-pid'])));
  const stop = visit(server, spec.name, 2);
  server.make('ada', 'blog', { 'app.py': `${SLOW}# new\n` }, { generation: 2 });
  const { unlinkSync } = await import('node:fs');
  unlinkSync(server.at.slotSpec('bob', 'gone'));
  await server.crash();
  const renewed = await server.until(spec.name, status => status.generation === 2);
  t.not(renewed.workers?.[0]?.pid, pids[0]);
  t.true((await stop()) > 0);
  for (const end = Date.now() + 5000; Date.now() < end && processes('gone').length; ) await pause(50);
  t.throws(() => readFileSync(`/proc/${pids[1]}/stat`));
  t.deepEqual(
    (await server.ask({ op: 'status' })).slots?.map(({ name }) => name),
    [spec.name],
  );
});

serial('a slotd without a guard says that it cannot restart without loss', async t => {
  const server = await held(t);
  t.regex((await server.ask({ op: 'restart' })).error ?? '', /no guard.*stop it and start it again/);
});
