import { existsSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { held, live } from './held.ts';

const serial = live(test);

const APP = `
import os, threading, time
import words
gate = threading.Barrier(3)
def application(environ, start):
    path = environ["PATH_INFO"]
    size = len(environ["wsgi.input"].read())
    if path == "/slow": time.sleep(1.5)
    if path == "/hang": time.sleep(60)
    if path == "/together": gate.wait(10)
    if path == "/raise": raise RuntimeError("no")
    if path == "/exit": raise SystemExit(3)
    start("200 OK", [("X-Pid", str(os.getpid())), ("X-Multi", str(environ["wsgi.multithread"]))])
    return [("%s %d" % (words.WORD, size)).encode()]
`;
const files = (word: string) => ({ 'app.py': APP, 'words.py': `WORD = "${word}"\n` });

serial('threads serve several requests at once in one process, and one slow request holds up nobody', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', files('plum'), { threads: 3, idleSeconds: 1 });
  const together = await Promise.all(['/together', '/together', '/together'].map(path => server.get(name, path)));
  t.deepEqual(new Set(together.map(answer => `${answer.body} ${answer.headers['x-multi']}`)), new Set(['plum 0 True']));
  const pid = together[0]?.headers['x-pid'];
  const slow = server.get(name, '/slow');
  const began = Date.now();
  const body = Buffer.alloc(1 << 20, 'x');
  const many = await Promise.all(Array.from({ length: 60 }, (_, n) => server.get(name, '/', 'POST', n % 10 ? '' : body)));
  t.true(Date.now() - began < 1400, String(Date.now() - began));
  t.deepEqual(
    many.map(answer => answer.body),
    many.map((_, n) => `plum ${n % 10 ? 0 : body.length}`),
  );
  t.is((await server.get(name, '/raise')).status, 500);
  t.is((await slow).headers['x-pid'], pid);
  await server.until(name, status => status.requests === 65);
  await server.until(name, status => status.state === 'asleep' && status.pids.length === 0);
  t.not((await server.get(name)).headers['x-pid'], pid);
});

serial('threads lose nothing when they are reloaded, spent, told to go or asked to exit', async t => {
  const server = await held(t);
  const more = { threads: 4, maxRequests: 25 };
  const { name } = await server.load('ada', 'blog', files('w'), more);
  let [going, failed, served] = [true, 0, 0];
  t.teardown(() => {
    going = false;
  });
  const clients = Array.from({ length: 4 }, async () => {
    while (going) {
      const answer = await server.get(name).catch(() => null);
      if (answer?.status === 200) served++;
      else failed++;
      await pause(4);
    }
  });
  for (let generation = 2; generation <= 4; generation++) {
    await pause(300);
    server.make('ada', 'blog', {}, { ...more, generation });
    t.true((await server.ask({ op: 'load', name })).ok);
    await server.until(name, status => status.state === 'running' && status.generation === generation);
  }
  const slow = server.get(name, '/slow');
  await pause(100);
  t.is((await server.get(name, '/exit')).status, 500);
  t.is((await slow).body, 'w 0');
  going = false;
  await Promise.all(clients);
  t.is(failed, 0);
  t.true(served > 100, String(served));
});

serial('a request that never ends takes its worker with it, after the others in it are done', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', files('plum'), { threads: 3, requestSeconds: 2 });
  const hang = server.get(name, '/hang').catch(() => null);
  await pause(1200);
  const slow = server.get(name, '/slow');
  await server.says(name, /the worker left: a request took longer than it may/);
  t.is((await server.get(name)).body, 'plum 0');
  t.is((await slow).body, 'plum 0');
  t.not((await hang)?.status, 200);
});

serial('tmp/restart.txt brings the new code at the next request, tmp/always_restart.txt at each', async t => {
  const server = await held(t);
  for (const [app, threads] of [
    ['one', 1],
    ['four', 4],
  ] as const) {
    const { name, root } = await server.load('ada', app, files('a'), { threads });
    t.is((await server.get(name)).body, 'a 0');
    const pid = (await server.get(name)).headers['x-pid'];
    // A busy worker looks at the mark a few times a second, not for each request.
    const code = async (word: string) => {
      await pause(100);
      writeFileSync(join(root, 'words.py'), `WORD = "${word}"\n`);
      rmSync(join(root, '__pycache__'), { recursive: true, force: true });
    };
    await code('bb');
    mkdirSync(join(root, 'tmp'), { recursive: true });
    t.is((await server.get(name)).headers['x-pid'], pid, 'nothing asks for the new code yet');
    writeFileSync(join(root, 'tmp/restart.txt'), '');
    await pause(100);
    t.is((await server.get(name)).body, 'bb 0');
    await code('ccc');
    t.is((await server.get(name)).body, 'bb 0');
    utimesSync(join(root, 'tmp/restart.txt'), new Date(), new Date(Date.now() + 5000));
    await pause(100);
    t.is((await server.get(name)).body, 'ccc 0');
    writeFileSync(join(root, 'tmp/always_restart.txt'), '');
    await pause(100);
    const pids = [];
    for (let n = 0; n < 4; n++) pids.push((await server.get(name)).headers['x-pid']);
    t.is(new Set(pids).size, 4);
  }
});

serial('when slotd is killed, the threads finish what was accepted and what waits, and nothing stays', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', files('plum'), { threads: 2 });
  const pid = (await server.get(name)).headers['x-pid'];
  const answers = ['/slow', '/slow', '/', '/'].map(path => server.get(name, path));
  await pause(100);
  await server.end('SIGKILL');
  t.deepEqual(new Set((await Promise.all(answers)).map(answer => answer.body)), new Set(['plum 0']));
  for (let n = 0; n < 100 && existsSync(`/proc/${pid}`); n++) await pause(50);
  t.false(existsSync(`/proc/${pid}`));
});
