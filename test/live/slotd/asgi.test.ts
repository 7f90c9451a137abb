import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { installServers } from '../apps/servers.ts';
import { Talk } from '../apps/websocket.ts';
import { type Held, held, live } from './held.ts';

const serial = live(test);
const ASGI = { kind: 'asgi' };

const APP = `
import asyncio, json, os, time
alive = []
async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            alive.append(message["type"])
            if message["type"] == "lifespan.shutdown": print("the lifespan is over", flush=True)
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown": return
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect": return
            await send({"type": "websocket.send", "text": "%s %s" % (scope["scheme"], message["text"])})
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"): break
    path = scope["path"]
    if path == "/slow": await asyncio.sleep(1)
    if path == "/raise": raise RuntimeError("secret detail")
    if path == "/hang": await asyncio.sleep(60)
    if path == "/block": time.sleep(60)
    if path == "/scope":
        seen = json.dumps([scope["client"], scope["scheme"], alive]).encode()
    else:
        seen = ("%d %s" % (size, path)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-pid", str(os.getpid()).encode())]})
    if path == "/stream":
        for n in range(6):
            await send({"type": "http.response.body", "body": b"%d" % n, "more_body": True})
            await asyncio.sleep(0.3)
    await send({"type": "http.response.body", "body": seen})
`;

const socketOf = (server: Held, app: string) => ({ path: server.at.slotSocket('ada', app) });

serial('an asgi app wakes, talks over WebSockets, sleeps when it is idle, wakes again, and reloads without losing a request', async t => {
  const server = await held(t);
  await installServers(server);
  const { name } = await server.load('ada', 'blog', { 'app.py': APP }, { ...ASGI, idleSeconds: 1 });
  const body = Buffer.alloc(1 << 20, 'x');
  const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => server.get(name, `/${n}`, 'POST', n % 20 ? '' : body)));
  t.deepEqual(
    answers.map(answer => answer.body),
    answers.map((_, n) => `${n % 20 ? 0 : body.length} /${n}`),
  );
  t.is(new Set(answers.map(answer => answer.headers['x-pid'])).size, 1);
  await server.until(name, status => status.requests === 60);

  const { talk, head } = await Talk.open(socketOf(server, 'blog'), 'x.localhost', '/echo');
  t.regex(head, /^HTTP\/1.1 101 /);
  await pause(2200);
  t.is((await server.status(name)).state, 'running', 'an open WebSocket is use');
  talk.say('still here');
  t.is(await talk.hear(), 'wss still here');
  talk.close();
  await server.until(name, status => status.state === 'asleep' && status.pids.length === 0 && status.requests === 61);
  await server.says(name, /O the lifespan is over/);

  t.is((await server.get(name, '/scope')).body, '[null, "http", ["lifespan.startup"]]');
  await server.until(name, status => status.wakes > 1);
  const old = await Talk.open(socketOf(server, 'blog'), 'x.localhost', '/echo');
  let [going, failed, served] = [true, 0, 0];
  const clients = Array.from({ length: 3 }, async () => {
    while (going) {
      const answer = await server.get(name, '/x').catch(() => null);
      if (answer?.body === '0 /x') served++;
      else failed++;
    }
  });
  const slow = server.get(name, '/slow');
  await pause(100);
  for (let generation = 2; generation <= 5; generation++) {
    server.make('ada', 'blog', {}, { ...ASGI, generation });
    t.true((await server.ask({ op: 'load', name })).ok);
    await server.until(name, status => status.state === 'running' && status.generation === generation);
  }
  t.is(await old.talk.hear(), 'close 1012');
  going = false;
  await Promise.all(clients);
  t.is((await slow).body, '0 /slow');
  t.is(failed, 0);
  t.true(served > 50, String(served));
});

serial('what takes too long is ended: alone when it can be, else with its worker; a stream may last', async t => {
  const server = await held(t);
  await installServers(server);
  const { name } = await server.load('ada', 'blog', { 'app.py': APP }, { ...ASGI, requestSeconds: 1 });
  const [stream, hang, raise] = await Promise.all(['/stream', '/hang', '/raise'].map(path => server.get(name, path)));
  t.is(stream?.body, '0123450 /stream');
  t.is(hang?.status, 500);
  t.is(raise?.status, 500);
  t.notRegex(raise?.body ?? '', /secret detail/);
  await server.says(name, /E RuntimeError: secret detail/);
  await server.says(name, /E TimeoutError: a request took longer than 1 s/);
  const pid = stream?.headers['x-pid'];
  t.is((await server.get(name)).headers['x-pid'], pid);
  const block = server.get(name, '/block').catch(() => null);
  await pause(100);
  t.not((await server.get(name)).headers['x-pid'], pid);
  await block;
  await server.says(name, /a request took longer than it may/);
});

serial('a start that fails says why, and an app of the other kind says what to change', async t => {
  const server = await held(t);
  await installServers(server);
  const failing = `
async def application(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "Traceback:\\nRuntimeError: no database"})
`;
  const cases: [string, string, Record<string, unknown>, RegExp][] = [
    ['one', failing, ASGI, /startup \(lifespan\) failed: RuntimeError: no database/],
    ['two', 'import nothing_of_that_name', ASGI, /ModuleNotFoundError: No module named 'nothing_of_that_name'/],
    ['three', 'def application(environ, start_response): pass', ASGI, /is a WSGI application: set the app's kind to wsgi instead of asgi/],
    ['four', APP, {}, /is an ASGI application: set the app's kind to asgi instead of wsgi/],
    ['five', 'class A:\n  async def __call__(self, scope, receive, send): pass\napplication = A()', {}, /set the app's kind to asgi/],
  ];
  for (const [app, code, kind, cause] of cases) {
    const { name } = await server.load('ada', app, { 'app.py': code }, kind);
    server.get(name).catch(() => null);
    t.regex((await server.until(name, status => status.state === 'backing-off')).reason ?? '', cause);
  }
});

serial('a worker that has served its share is replaced, and nothing is lost', async t => {
  const server = await held(t);
  await installServers(server);
  const { name } = await server.load('ada', 'blog', { 'app.py': APP }, { ...ASGI, maxRequests: 20 });
  const answers = [];
  for (let n = 0; n < 20; n++) answers.push(...(await Promise.all(Array.from({ length: 6 }, () => server.get(name)))));
  t.deepEqual(new Set(answers.map(answer => answer.body)), new Set(['0 /']));
  const processes = new Set(answers.map(answer => answer.headers['x-pid'])).size;
  t.true(processes >= 5 && processes <= 6, String(processes));
});

serial('several processes share the visitors of an asgi app', async t => {
  const server = await held(t);
  await installServers(server);
  const more = { ...ASGI, mode: 'always-on', workers: 2, maxRequests: 30 };
  const { name } = await server.load('ada', 'blog', { 'app.py': APP }, more);
  await server.until(name, status => status.pids.length === 2);
  const block = server.get(name, '/block').catch(() => null);
  await pause(100);
  const answers = [];
  for (let n = 0; n < 10; n++) answers.push(...(await Promise.all(Array.from({ length: 10 }, () => server.get(name)))));
  t.deepEqual(new Set(answers.map(answer => answer.body)), new Set(['0 /']));
  await server.until(name, status => status.requests >= 100);
  await server.ask({ op: 'unload', name });
  await block;
});

serial('when slotd is killed, whoever waits is served, WebSockets are closed, and nothing stays', async t => {
  const server = await held(t);
  await installServers(server);
  const { name } = await server.load('ada', 'blog', { 'app.py': APP }, ASGI);
  const pid = (await server.get(name)).headers['x-pid'];
  const { talk } = await Talk.open(socketOf(server, 'blog'), 'x.localhost', '/echo');
  const answers = ['/slow', '/a', '/b'].map(path => server.get(name, path));
  await pause(100);
  await server.end('SIGKILL');
  t.deepEqual(
    (await Promise.all(answers)).map(answer => answer.body),
    ['0 /slow', '0 /a', '0 /b'],
  );
  t.is(await talk.hear(), 'close 1012');
  for (let n = 0; n < 100 && existsSync(`/proc/${pid}`); n++) await pause(50);
  t.false(existsSync(`/proc/${pid}`));
});
