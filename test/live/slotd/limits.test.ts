import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { HELLO, held, live } from './held.ts';
import { processes } from './talk.ts';

const serial = live(test);

const HOG = `
import os, subprocess
kept = []
def application(environ, start):
    path = environ["PATH_INFO"]
    if path == "/hog":
        while True: kept.append(b"x" * (1 << 20))
    if path == "/bomb":
        refused = 0
        for _ in range(40):
            try: kept.append(subprocess.Popen(["/bin/sleep", "100"]))
            except OSError: refused += 1
        start("200 OK", [])
        return [str(refused).encode()]
    start("200 OK", [])
    return [b"fine"]
`;

serial('a memory hog is ended, alone, and its log says why', async t => {
  const server = await held(t);
  const limits = { memoryMb: 48, cpuPercent: 200, processes: 20, openFiles: 256 };
  const { name } = await server.load('ada', 'blog', { 'app.py': HOG }, { limits });
  const other = await server.load('bob', 'shop', { 'app.py': HELLO });
  t.is((await server.get(name)).body, 'fine');
  t.is((await server.get(other.name)).status, 200);
  const before = (await server.status(other.name)).pids;
  const ended = await server.get(name, '/hog').catch(() => null);
  t.not(ended?.status, 200);
  await server.says(name, / B used more memory than 48 MB and was ended$/m);
  t.is((await server.until(name, status => status.limitHits.memory >= 1)).reason, null);
  t.is((await server.get(name)).body, 'fine');
  t.deepEqual((await server.status(other.name)).pids, before);
  t.is((await server.status(other.name)).limitHits.memory, 0);
});

serial('a process limit refuses forks, is counted and told; unloading leaves nothing behind', async t => {
  const server = await held(t);
  const limits = { memoryMb: 128, cpuPercent: 200, processes: 12, openFiles: 256 };
  const { name, uid, socket } = await server.load('ada', 'blog', { 'app.py': HOG }, { limits });
  t.true(Number((await server.get(name, '/bomb')).body) > 0);
  const status = await server.status(name);
  t.is(status.processes, 12);
  t.true(status.limitHits.processes > 0);
  t.deepEqual(await server.ask({ op: 'unload', name }), { ok: true });
  t.deepEqual(await server.ask({ op: 'unload', name }), { ok: true });
  t.false(existsSync(socket));
  t.deepEqual(
    server.groups().filter(folder => folder.includes('/ada')),
    [],
  );
  t.deepEqual(await server.ask({ op: 'sweep', uid }), { ok: true, alive: 0 });
  t.is((await server.ask({ op: 'status' })).slots?.length, 0);
});

serial('a crash at import is a calm 503 for visitors and a plain cause for the owner, with longer and longer rests (P12)', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', { 'app.py': 'import nothing_like_this\n' });
  const answer = await server.get(name, '/', 'POST', Buffer.alloc(300_000));
  t.is(answer.status, 503);
  t.regex(answer.headers['retry-after'] ?? '', /^[1-9]\d*$/);
  t.regex(answer.body, /This app could not start/);
  t.notRegex(answer.body, /Traceback|nothing_like_this/);
  const status = await server.status(name);
  t.is(status.state, 'backing-off');
  t.is(status.reason, "ModuleNotFoundError: No module named 'nothing_like_this'");
  t.deepEqual(status.pids, []);
  const pages = await Promise.all(Array.from({ length: 30 }, () => server.get(name)));
  t.true(pages.every(page => page.status === 503));
  await pause(1100);
  t.is((await server.get(name)).status, 503);
  const log = await server.says(name, /failed at start, next try in 2 s/);
  t.regex(log, / E ModuleNotFoundError: No module named 'nothing_like_this'$/m);
  t.regex(log, / B failed at start, next try in 1 s: ModuleNotFoundError: No module named 'nothing_like_this'$/m);
  t.is(log.split('failed at start').length - 1, 2);
  server.make('ada', 'blog', { 'app.py': HELLO }, { generation: 2 });
  await server.ask({ op: 'load', name });
  t.is((await server.get(name)).status, 200);
});

serial('an app that starts too slowly, or exits while it is imported, says so', async t => {
  const server = await held(t);
  const slow = await server.load('ada', 'slow', { 'app.py': 'import time\ntime.sleep(60)\n' }, { startSeconds: 1 });
  const gone = await server.load('ada', 'gone', { 'app.py': 'import sys\nsys.exit(3)\n' });
  const dead = await server.load('ada', 'dead', { 'app.py': 'import os\nos.abort()\n' });
  t.deepEqual(await Promise.all([slow, gone, dead].map(async ({ name }) => (await server.get(name)).status)), [503, 503, 503]);
  t.is((await server.status(slow.name)).reason, 'did not start within 1 s');
  t.regex((await server.status(gone.name)).reason ?? '', /sys\.exit\(3\)/);
  t.is((await server.status(dead.name)).reason, 'ended by SIGABRT');
});

serial('a worker that dies between requests is replaced at the next one', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', { 'app.py': HELLO });
  await server.get(name);
  const { pids } = await server.until(name, status => status.requests === 1);
  process.kill(pids[0] ?? 0, 'SIGSEGV');
  await server.until(name, status => status.state === 'asleep');
  t.is((await server.get(name)).status, 200);
  await server.says(name, /the app ended: ended by SIGSEGV/);
});

serial('wrong specs and requests are refused in plain words', async t => {
  const server = await held(t);
  const spec = server.make('ada', 'blog', { 'app.py': HELLO });
  const wrong: [object, RegExp][] = [
    [{ ...spec, uid: 0 }, /uid must be a whole number/],
    [{ ...spec, extra: 1 }, /unknown: extra/],
    [{ ...spec, root: '/etc' }, /root must be below/],
    [{ ...spec, socket: '/run/x.sock' }, /socket must be/],
    [{ ...spec, entry: 'os.system' }, /entry must look like/],
    [{ ...spec, root: `${spec.home}/../bob` }, /root must be an absolute path without/],
  ];
  for (const [text, why] of wrong) {
    server.write(text as typeof spec);
    const answer = await server.ask({ op: 'load', name: spec.name });
    t.false(answer.ok);
    t.regex(answer.error ?? '', why);
  }
  for (const [request, why] of [
    [{ op: 'nope' }, /There is no op 'nope'/],
    [{ op: 'load', name: '../x' }, /"name" must be/],
    [{ op: 'load', name: 'ada.none' }, /cannot be read/],
    [{ op: 'sweep', uid: 0 }, /"uid" must be/],
    [[], /one JSON object/],
  ] as const) {
    const answer = await server.ask(request);
    t.false(answer.ok);
    t.regex(answer.error ?? '', why);
  }
  t.true((await server.ask({ op: 'ping' })).ok);
});

serial('slotd leaves no process behind; killed, its own programs end and a new one clears what is left', async t => {
  const server = await held(t);
  const { name, uid } = await server.load('ada', 'blog', {
    'app.py': `import subprocess\nsubprocess.Popen(["/bin/sleep", "300"])\n${HELLO}`,
  });
  t.is((await server.get(name)).status, 200);
  const mine = (pid: number | undefined) =>
    processes('slotd/')
      .filter(found => found.parent === pid)
      .map(found => found.pid);
  const family = mine(server.child?.pid);
  t.true(family.length >= 3);
  await server.end('SIGKILL');
  await server.start();
  t.true((await server.ask({ op: 'ping' })).ok);
  for (const pid of family) t.false(existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
  t.deepEqual(await server.ask({ op: 'sweep', uid }), { ok: true, alive: 0 });
  t.is((await server.get(name)).status, 200);
  const again = mine(server.child?.pid);
  await server.end('SIGTERM');
  for (const pid of again) t.false(existsSync(`/proc/${pid}`));
  t.deepEqual(server.groups(), []);
  t.false(existsSync(server.at.slotdSocket));
});
