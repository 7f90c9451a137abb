import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { HELLO, held, live } from './held.ts';

const serial = live(test);

const SLOW = `
import os, time
def application(environ, start):
    if environ["PATH_INFO"] == "/slow": time.sleep(0.6)
    if environ["PATH_INFO"] == "/crash": os._exit(3)
    start("200 OK", [("X-Pid", str(os.getpid()))])
    return [b"done"]
`;

serial('one worker at the first knock, more when visitors wait, one again when idle', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', { 'app.py': SLOW }, { workers: 3, idleSeconds: 2 });
  await server.get(name);
  t.is((await server.status(name)).workers.length, 1);
  const began = Date.now();
  const answers = await Promise.all(Array.from({ length: 6 }, () => server.get(name, '/slow')));
  const took = Date.now() - began;
  t.deepEqual(new Set(answers.map(answer => answer.body)), new Set(['done']));
  t.is(new Set(answers.map(answer => answer.headers['x-pid'])).size, 3, 'three processes, never more');
  t.true(took < 2600, `six times 0.6 s by three: ${took} ms`);
  const busy = await server.until(name, status => status.requests === 7);
  t.deepEqual(
    busy.workers.map(worker => worker.requests).reduce((sum, one) => sum + one),
    7,
  );
  t.is(busy.wakes, 1);
  await server.says(name, /process 2 of 3 came to help in \d+ ms[\s\S]*process 3 of 3/);
  // Visitors one at a time need one process: the others leave by their own idle time.
  for (let n = 0; n < 30; n++, await pause(100)) t.is((await server.get(name)).status, 200);
  t.is((await server.status(name)).workers.length, 1);
  await server.until(name, status => status.state === 'asleep' && status.pids.length === 0);
  t.is((await server.get(name)).status, 200);
});

serial('an always-on slot keeps all its workers, and a crash hits one of them', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', { 'app.py': SLOW }, { workers: 3, mode: 'always-on' });
  const before = await server.until(name, status => status.workers.length === 3);
  await server.get(name, '/crash').catch(() => null);
  const after = await server.until(
    name,
    status => status.workers.length === 3 && status.workers.some((one, n) => one.pid !== before.workers[n]?.pid),
  );
  const old = new Set(before.workers.map(worker => worker.pid));
  t.is(after.workers.filter(worker => old.has(worker.pid)).length, 2);
  t.is(after.state, 'running');
  // Fewer are wanted: those that are too many leave, and nobody is replaced.
  server.make('ada', 'blog', {}, { workers: 1, mode: 'always-on', generation: 2 });
  await server.ask({ op: 'load', name });
  await server.until(name, status => status.pids.length === 1 && status.state === 'running');
});

serial('a slot at rest and a busy one cost slotd no useless wakes', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', { 'app.py': HELLO }, { workers: 2 });
  for (let n = 0; n < 200; n++) await server.get(name);
  t.is((await server.status(name)).workers.length, 1, 'visitors who do not wait need no second process');
  const switches = () => Number(/voluntary_ctxt_switches:\s+(\d+)/.exec(server.proc())?.[1]);
  await pause(1200);
  const before = switches();
  await pause(1000);
  t.true(switches() - before < 5, `slotd woke ${switches() - before} times in a second`);
});

serial('a worker near its last request is replaced before it leaves', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', { 'app.py': HELLO }, { maxRequests: 100, mode: 'always-on' });
  const first = (await server.get(name)).headers['x-pid'];
  for (let n = 0; n < 94; n++) await server.get(name);
  await server.until(name, status => status.workers.length === 1 && String(status.workers[0]?.pid) !== first);
  t.not((await server.get(name)).headers['x-pid'], first);
  t.regex(server.log(name), /a new process took over from an old one/);
});

serial('a program of another kind has several processes, too, is renewed one after another, and sleeps', async t => {
  const server = await held(t);
  const program = `
import os, socket, time
listener = socket.socket(fileno=3)
while True:
    conn, _ = listener.accept()
    conn.recv(65536)
    time.sleep(0.4)
    conn.sendall(b"HTTP/1.0 200 OK\\r\\nX-Pid: %d\\r\\n\\r\\nok" % os.getpid())
    conn.close()
`;
  const more = { kind: 'command', argv: ['/usr/bin/python3', '-u', 'server.py'], idleSeconds: 1, workers: 3 };
  const { name } = await server.load('ada', 'cmd', { 'server.py': program }, more);
  await server.get(name);
  const nine = () => Promise.all(Array.from({ length: 9 }, () => server.get(name)));
  const answers = await nine();
  t.is(new Set(answers.map(answer => answer.headers['x-pid'])).size, 3);
  server.make('ada', 'cmd', {}, { ...more, generation: 2 });
  const during = nine();
  await server.ask({ op: 'load', name });
  for (const answer of [...answers, ...(await during)]) t.is(answer.status, 200);
  await server.until(name, status => status.generation === 2);
  await server.until(name, status => status.state === 'asleep' && status.pids.length === 0);
  t.is((await server.get(name)).status, 200);
  t.notRegex(server.said, /Traceback/);
});

serial('a start that fails hits neither the workers there are nor the next version', async t => {
  const server = await held(t);
  const more = { workers: 2, mode: 'always-on' };
  const { name } = await server.load('ada', 'blog', { 'app.py': 'import nothing_here' }, more);
  await server.until(name, status => status.state === 'backing-off');
  t.is((await server.get(name)).status, 503);
  server.make('ada', 'blog', { 'app.py': HELLO }, { ...more, generation: 2 });
  await server.ask({ op: 'load', name });
  const { workers } = await server.until(name, status => status.workers.length === 2);
  // The code is broken without a word to us: whoever is left serves, and another is tried again later.
  server.make('ada', 'blog', { 'app.py': 'import nothing_there' }, { ...more, generation: 2 });
  process.kill(workers[0]?.pid ?? 0, 'SIGKILL');
  await server.says(name, /another process failed at start, next try in 1 s: ModuleNotFoundError/);
  t.is((await server.get(name)).status, 200);
  t.like(await server.status(name), { state: 'running', reason: null });
  server.make('ada', 'blog', { 'app.py': HELLO }, { ...more, generation: 2 });
  await server.until(name, status => status.workers.length === 2);
});
