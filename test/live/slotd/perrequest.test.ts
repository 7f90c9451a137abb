import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { held, live } from './held.ts';

const serial = live(test);
const MODE = { mode: 'per-request', idleSeconds: 30 };

const APP = `
import ctypes, os, sys, time
import words
seen = []
def what(name):
    try: return os.readlink("/proc/self/fd/" + name)
    except OSError: return "gone"
def application(environ, start):
    path = environ["PATH_INFO"]
    seen.append(path)
    if path == "/crash": ctypes.string_at(0)
    if path == "/exit": os._exit(3)
    if path == "/raise": raise RuntimeError("no")
    if path == "/slow": time.sleep(1)
    status = open("/proc/self/status").read()
    start("200 OK", [("X-Pid", str(os.getpid())), ("X-Parent", str(os.getppid())), ("X-Seen", str(len(seen)))])
    if path == "/status": return [status.encode()]
    if path == "/fds": return ["\\n".join(what(name) for name in os.listdir("/proc/self/fd")).encode()]
    return [words.WORD.encode()]
`;
const files = (word: string) => ({ 'app.py': APP, 'words.py': `WORD = "${word}"\n` });

serial('each request has a process of its own, forked from one parent, with fresh modules', async t => {
  const server = await held(t);
  const { name, uid } = await server.load('ada', 'blog', files('plum'), MODE);
  const answers = [];
  for (let n = 0; n < 5; n++) answers.push(await server.get(name));
  t.deepEqual(new Set(answers.map(({ body, headers }) => `${body} ${headers['x-seen']}`)), new Set(['plum 1']));
  t.is(new Set(answers.map(answer => answer.headers['x-pid'])).size, 5);
  t.is(new Set(answers.map(answer => answer.headers['x-parent'])).size, 1);
  await server.until(name, status => status.requests === 5 && status.wakes === 1 && status.pids.length <= 2);
  const { body: status } = await server.get(name, '/status');
  t.regex(status, new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}\\s+${uid}$`, 'm'));
  t.regex(status, /^Groups:\s*$/m);
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) t.regex(status, new RegExp(`^${set}:\\s+0{16}$`, 'm'));
  t.regex(status, /^NoNewPrivs:\s+1$/m);
  // A spare that waited, too: nothing but /dev/null, the log's two pipes and the visitor.
  for (let n = 0; n < 3; n++, await pause(30)) {
    const open = (await server.get(name, '/fds')).body.split('\n').filter(what => what !== 'gone');
    t.deepEqual(open.map(what => what.replace(/:.*/, '')).sort(), ['/dev/null', 'pipe', 'pipe', 'socket']);
  }
  const parent = Number(answers[0]?.headers['x-parent']);
  const groups = readFileSync(`/proc/${parent}/cgroup`, 'utf8');
  for (const line of groups.split('\n')) if (/:(memory|pids|cpu):/.test(line)) t.true(line.includes(`/${server.cgroup}/ada/blog`));
});

serial('edited code is live at the next request, however fast the edits, and no request is lost', async t => {
  const server = await held(t);
  const spec = await server.load('ada', 'blog', files('w000'), MODE);
  t.is((await server.get(spec.name)).body, 'w000');
  let [going, failed, served] = [true, 0, 0];
  const clients = Array.from({ length: 2 }, async () => {
    while (going) {
      const answer = await server.get(spec.name).catch(() => null);
      if (answer?.status === 200 && /^w\d{3}$/.test(answer.body)) served++;
      else failed++;
      await pause(5);
    }
  });
  for (let n = 1; n <= 12; n++) {
    // Of the same length and mostly within the same second: what Python's own compiled files could not tell apart.
    const word = `w${String(n).padStart(3, '0')}`;
    writeFileSync(join(spec.root, 'words.py'), `WORD = "${word}"\n`);
    t.is((await server.get(spec.name)).body, word);
    await pause(40);
  }
  going = false;
  await Promise.all(clients);
  t.is(failed, 0);
  t.true(served > 20, String(served));
  // Data written beside the code is not code: the parent stays.
  const before = (await server.get(spec.name)).headers['x-parent'];
  writeFileSync(join(spec.root, 'data.sqlite3'), 'x');
  t.is((await server.get(spec.name)).headers['x-parent'], before);
});

serial('slow requests run side by side, no more than the slot has processes for, and none is lost', async t => {
  const server = await held(t);
  const limits = { memoryMb: 128, cpuPercent: 200, processes: 6, openFiles: 256 };
  const { name } = await server.load('ada', 'blog', files('plum'), { ...MODE, limits });
  await server.get(name);
  const began = Date.now();
  const answers = await Promise.all(Array.from({ length: 8 }, () => server.get(name, '/slow')));
  const took = Date.now() - began;
  t.deepEqual(new Set(answers.map(answer => answer.body)), new Set(['plum']));
  t.true(took > 1900 && took < 3500, `eight of a second each, four at a time: ${took} ms`);
  const hundred = await Promise.all(Array.from({ length: 100 }, () => server.get(name)));
  t.deepEqual(new Set(hundred.map(answer => answer.status)), new Set([200]));
});

serial('a crash hits its own request only, and the visitor sees a page', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', files('plum'), MODE);
  const parent = (await server.get(name)).headers['x-parent'];
  const slow = server.get(name, '/slow');
  for (const path of ['/crash', '/exit', '/raise']) {
    const answer = await server.get(name, path);
    t.is(answer.status, 500, path);
    t.regex(answer.body, /This page could not be made/);
  }
  t.is((await slow).body, 'plum');
  t.is((await server.get(name)).headers['x-parent'], parent);
  await server.says(name, /the process of one request was ended by SIGSEGV/);
});

serial('nothing is left when idle, and the next request wakes it', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', files('plum'), { mode: 'per-request', idleSeconds: 1 });
  const first = await server.get(name, '/slow');
  const asleep = await server.until(name, status => status.state === 'asleep' && status.pids.length === 0);
  t.is(asleep.processes, 0);
  const second = await server.get(name);
  t.is(second.body, 'plum');
  t.not(second.headers['x-parent'], first.headers['x-parent']);
});
