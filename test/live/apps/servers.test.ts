import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type Held, held, live, unable } from '../slotd/held.ts';

const serial = live(test);
// Not below /tmp, of which every slot has its own.
const venv = unable === null ? mkdtempSync('/opt/berth-test-') : '';
const bin = join(venv, 'bin');
const LIMITS = { memoryMb: 256, cpuPercent: 400, processes: 60, openFiles: 256 };
const APP = `
import os
def application(environ, start):
    size = len(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    start("200 OK", [("Content-Type", "text/plain"), ("X-Pid", str(os.getpid()))])
    return [("%d %s" % (size, environ["PATH_INFO"])).encode()]

async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    size, more = 0, True
    while more:
        event = await receive()
        size, more = size + len(event.get("body", b"")), event.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-pid", str(os.getpid()).encode())]})
    await send({"type": "http.response.body", "body": ("%d %s" % (size, scope["path"])).encode()})
`;
const WAITRESS = `
import socket, waitress, app
waitress.serve(app.application, sockets=[socket.socket(fileno=3)])
`;
// The rudest of all: one visitor at a time, and SIGTERM ends it where it stands.
const PLAIN = `
import http.server, os, socket, socketserver, time
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow": time.sleep(1)
        body = b"%d %s" % (len(self.rfile.read(int(self.headers["Content-Length"] or 0))), self.path.encode())
        self.send_response(200); self.end_headers(); self.wfile.write(body)
    do_POST = do_GET
    def address_string(self): return "-"
class Server(socketserver.UnixStreamServer):
    request_queue_size = 5
server = Server("", Answer, bind_and_activate=False)
server.socket = socket.socket(fileno=3)
server.server_activate()
server.serve_forever()
`;
const SERVERS: Record<string, string[]> = {
  gunicorn: [join(bin, 'gunicorn'), '--workers', '2', '--bind', '0.0.0.0:8000', 'app:application'],
  uvicorn: [join(bin, 'uvicorn'), '--fd', '3', 'app:asgi'],
  hypercorn: [join(bin, 'hypercorn'), '--bind', 'fd://3', 'app:asgi'],
  waitress: [join(bin, 'python'), 'serve.py'],
  uwsgi: ['/usr/bin/uwsgi', '--plugin', 'python3', '--master', '--http-socket', 'fd://3', '--wsgi-file', 'app.py'],
  plain: ['/usr/bin/python3', 'plain.py'],
};

test.before('servers', t => {
  t.timeout(180_000);
  if (unable !== null) return;
  const run = (program: string, ...words: string[]) => {
    const done = spawnSync(program, words, { encoding: 'utf8', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    if (done.status !== 0) throw new Error(`${program} ${words.join(' ')}: ${done.stdout}${done.stderr}`);
  };
  chmodSync(venv, 0o755);
  run('/usr/bin/python3', '-m', 'venv', venv);
  run(join(bin, 'pip'), 'install', '-q', '--disable-pip-version-check', 'gunicorn', 'uvicorn', 'hypercorn', 'waitress');
  if (!existsSync('/usr/lib/uwsgi/plugins/python3_plugin.so')) {
    run('/usr/bin/apt-get', 'install', '-y', '--no-install-recommends', 'uwsgi-core', 'uwsgi-plugin-python3');
  }
});

test.after.always(() => {
  if (venv !== '') rmSync(venv, { recursive: true, force: true });
});

async function load(server: Held, kind: string, more: Record<string, unknown> = {}) {
  const files = { 'app.py': APP, 'serve.py': WAITRESS, 'plain.py': PLAIN };
  const what = {
    kind: 'command',
    entry: null,
    argv: SERVERS[kind],
    limits: LIMITS,
    account_limits: { memoryMb: 2048, cpuPercent: 800, processes: 400 },
  };
  return server.load(kind.slice(0, 4), kind, files, { ...what, idleSeconds: 1, ...more });
}

async function one(t: ExecutionContext, server: Held, kind: string) {
  const { name } = await load(server, kind);
  t.is((await server.get(name, '/first')).body, '0 /first', kind);
  t.is((await server.get(name, '/body', 'POST', Buffer.alloc(1 << 20, 'x'))).body, '1048576 /body', kind);
  await server.until(name, status => status.state === 'asleep' && status.pids.length === 0, 30);
  t.is((await server.get(name, '/again')).body, '0 /again', kind);
  await server.until(name, status => status.wakes === 2);
}

serial('gunicorn, uvicorn, hypercorn, waitress, uWSGI and a plain server wake, take a mebibyte, sleep and wake again', async t => {
  const server = await held(t);
  await Promise.all(Object.keys(SERVERS).map(kind => one(t, server, kind)));
});

serial('two hundred requests to these servers while they fall asleep and are restarted: none is lost', async t => {
  const server = await held(t);
  let [lost, wakes] = [0, 0];
  const life = async (kind: string, shift: number) => {
    const { name, account, app } = await load(server, kind);
    for (let cycle = 0; cycle < 6; cycle++) {
      const ask = (n: number) => server.get(name, `/${n}`).catch(error => ({ status: 0, body: String(error) }));
      const answers = Promise.all(Array.from({ length: 6 }, (_, n) => ask(n)));
      if (cycle % 3 === 2) {
        server.make(
          account,
          app,
          {},
          { kind: 'command', entry: null, argv: SERVERS[kind], limits: LIMITS, idleSeconds: 1, generation: cycle },
        );
        t.true((await server.ask({ op: 'load', name })).ok);
      }
      for (const [n, answer] of (await answers).entries()) {
        if (answer.status === 200 && answer.body === `0 /${n}`) continue;
        lost++;
        t.log(kind, answer.status, answer.body, server.log(name).slice(-300));
      }
      // Aimed at the moment of falling asleep.
      await pause(1100 + ((cycle * 97 + shift * 61) % 600));
    }
    wakes += (await server.status(name)).wakes;
  };
  await Promise.all(Object.keys(SERVERS).map(life));
  t.is(lost, 0);
  t.true(wakes > 8, `they slept between: ${wakes} wakes`);
});

serial('a crash between requests loses nothing, and who waits at the door of a crashed program is led to its successor', async t => {
  const server = await held(t);
  const { name, account, app } = await load(server, 'plain', { idleSeconds: 60 });
  for (let n = 0; n < 4; n++) {
    t.is((await server.get(name, `/${n}`)).body, `0 /${n}`, server.log(name));
    const [pid] = (await server.status(name)).pids;
    if (pid) process.kill(pid, 'SIGKILL');
    await pause(20); // one that is killed while it accepts takes that visitor with it
  }
  t.is((await server.get(name)).status, 200);
  const [old = 1 << 30] = (await server.until(name, status => status.state === 'running')).pids;
  const slow = Array.from({ length: 6 }, () =>
    server.get(name, '/slow').then(
      ({ status }) => status,
      () => 0,
    ),
  );
  server.make(account, app, {}, { kind: 'command', entry: null, argv: SERVERS.plain, limits: LIMITS, generation: 2 });
  await server.ask({ op: 'load', name });
  await server.until(name, status => status.generation === 2 && status.workers.length === 1);
  process.kill(old, 'SIGKILL');
  t.deepEqual((await Promise.all(slow)).sort(), [0, 200, 200, 200, 200, 200], 'only the one that was inside');
});
