import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { HELLO, held, live } from './held.ts';

const serial = live(test);

serial('a sleeping app wakes for a request, sleeps when idle and wakes again', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', { 'app.py': HELLO }, { idleSeconds: 1 });
  t.is((await server.status(name)).state, 'asleep');
  const first = await server.get(name, '/one');
  t.is(first.body, '0 /one');
  const awake = await server.until(name, status => status.state === 'running' && status.requests === 1);
  t.deepEqual(awake.pids, [Number(first.headers['x-pid'])]);
  const asleep = await server.until(name, status => status.state === 'asleep' && status.processes === 0);
  t.deepEqual(asleep.pids, []);
  const second = await server.get(name, '/two');
  t.is(second.body, '0 /two');
  t.not(second.headers['x-pid'], first.headers['x-pid']);
  const again = await server.until(name, status => status.wakes === 2);
  t.true((again.lastWakeMs ?? 0) > 0);
  const log = await server.says(name, /woke in \d+ ms[\s\S]*fell asleep after 1 s without a request[\s\S]*woke/);
  t.regex(log, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z B woke in \d+ ms$/m);
});

serial('a hundred requests at once to a sleeping app are all answered, by one process', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', { 'app.py': HELLO });
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => server.get(name, `/${n}`)));
  t.deepEqual(
    answers.map(answer => answer.body),
    answers.map((_, n) => `0 /${n}`),
  );
  t.is(new Set(answers.map(answer => answer.headers['x-pid'])).size, 1);
});

serial('no body of a mebibyte is lost while the app falls asleep and wakes', async t => {
  const server = await held(t);
  const body = Buffer.alloc(1 << 20, 'x');
  const life = async (account: string, shift: number) => {
    const { name } = await server.load(account, 'blog', { 'app.py': HELLO }, { idleSeconds: 1 });
    for (let cycle = 0; cycle < 6; cycle++) {
      const answers = await Promise.all(['/a', '/b'].map(path => server.get(name, path, 'POST', body)));
      t.deepEqual(
        answers.map(answer => answer.body),
        ['/a', '/b'].map(path => `${body.length} ${path}`),
      );
      // Aimed at the moment of falling asleep, a little before and a little after.
      await pause(998 + shift + cycle);
    }
    return (await server.status(name)).wakes;
  };
  const wakes = await Promise.all(['ada', 'bob', 'carl', 'dora', 'eve'].map((account, n) => life(account, n)));
  t.true(Math.max(...wakes) > 1, String(wakes));
});

serial('a restart under load loses nothing and takes up the new code', async t => {
  const server = await held(t);
  // Of another length each time: Python tells sources apart by their size and the second they were written in.
  const code = (generation: number) => `
import time
def application(environ, start):
    time.sleep(0.02)
    start("200 OK", [])
    return [b"${'x'.repeat(generation)}"]
`;
  const spec = await server.load('ada', 'blog', { 'app.py': code(1) });
  const seen = new Set<string>();
  let going = true;
  let failed = 0;
  t.teardown(() => {
    going = false;
  });
  const clients = Array.from({ length: 4 }, async () => {
    while (going) {
      const answer = await server.get(spec.name).catch(() => null);
      if (answer?.status === 200) seen.add(answer.body);
      else failed++;
    }
  });
  for (let generation = 2; generation <= 6; generation++) {
    await pause(150);
    server.make('ada', 'blog', { 'app.py': code(generation) }, { generation });
    t.true((await server.ask({ op: 'load', name: spec.name })).ok);
    await server.until(spec.name, status => status.state === 'running' && status.generation === generation);
    t.is((await server.get(spec.name)).body.length, generation);
  }
  going = false;
  await Promise.all(clients);
  t.is(failed, 0);
  t.true(seen.has('xxxxxx'));
  server.make('ada', 'blog', {}, { generation: 3 });
  t.regex((await server.ask({ op: 'load', name: spec.name })).error ?? '', /older/);
});

serial('SIGTERM to a worker and an always-on slot: what was accepted is answered, another worker comes', async t => {
  const server = await held(t);
  const slow = `
import os, time
def application(environ, start):
    start("200 OK", [("X-Pid", str(os.getpid()))])
    if environ["PATH_INFO"] == "/slow": time.sleep(1)
    return [b"done"]
`;
  const { name } = await server.load('ada', 'blog', { 'app.py': slow }, { mode: 'always-on' });
  const { pids } = await server.until(name, status => status.state === 'running' && status.pids.length === 1);
  const answer = server.get(name, '/slow');
  await pause(200);
  process.kill(pids[0] ?? 0, 'SIGTERM');
  const [one, two] = await Promise.all([answer, server.get(name)]);
  t.is(one.body, 'done');
  t.is(two.body, 'done');
  t.not(one.headers['x-pid'], two.headers['x-pid']);
});

serial('a program of another kind gets the socket as systemd hands it over', async t => {
  const server = await held(t);
  const program = `
import os, socket
assert os.environ["LISTEN_FDS"] == "1" and int(os.environ["LISTEN_PID"]) == os.getpid()
listener = socket.socket(fileno=3)
while True:
    conn, _ = listener.accept()
    conn.recv(65536)
    conn.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\nfrom a command " + os.environ["WORD"].encode())
    conn.close()
`;
  const more = { kind: 'command', argv: ['/usr/bin/python3', '-u', 'server.py'], idleSeconds: 1 };
  const { name } = await server.load('ada', 'cmd', { 'server.py': program }, more, { WORD: 'plum' });
  t.is((await server.get(name)).body, 'from a command plum');
  const { pids } = await server.status(name);
  const status = readFileSync(`/proc/${pids[0]}/status`, 'utf8');
  t.regex(status, /CapEff:\s+0{16}/);
  await server.until(name, found => found.state === 'asleep' && found.pids.length === 0);
  t.is((await server.get(name)).body, 'from a command plum');
});
