import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import test from 'ava';
import { machine } from '../../../provisioning/machine/index.ts';
import { live, unable } from '../slotd/held.ts';
import { type Front, front, packages } from './front.ts';

const serial = live(test);
const LIMITS = { memoryMb: 256, cpuPercent: 200, processes: 30, openFiles: 256 };
const MORE = { kind: 'command', entry: null, limits: LIMITS };
const library = mkdtempSync('/tmp/bf-');

test.before('flup and uWSGI', t => {
  t.timeout(300_000);
  if (unable !== null) return;
  packages(() => existsSync('/usr/bin/uwsgi') && existsSync('/usr/lib/uwsgi/plugins'), 'uwsgi-core', 'uwsgi-plugin-python3', 'python3-pip');
  const words = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--target', library, 'flup==1.0.3'];
  const done = spawnSync('/usr/bin/python3', words, { encoding: 'utf8' });
  t.is(done.status, 0, done.stderr);
});

test.after.always(() => rmSync(library, { recursive: true, force: true }));

const APP = `
import json, os
def application(environ, start):
    size = len(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    names = ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT", "REMOTE_ADDR", "HTTP_HOST",
             "HTTP_PROXY", "HTTP_UNDER_SCORE", "HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_COOKIE")
    start("201 Made", [("Content-Type", "application/json"), ("X-Accel-Redirect", "/.berth/no-site.html")])
    return [json.dumps({**{name: environ.get(name) for name in names}, "size": size, "uid": os.geteuid(), "pid": os.getpid()}).encode()]
`;

const FLUP = `
from app import application
from flup.server.fcgi_single import WSGIServer
import logging
logging.basicConfig(level=logging.ERROR)
WSGIServer(application).run()
`;

const uwsgi = (option: string) => [
  ...['/usr/bin/uwsgi', '--plugin', 'python3', option, 'fd://3', '--wsgi-file', 'app.py', '--need-app', '--master', '--processes', '2'],
  ...['--disable-logging', '--die-on-term'],
];

const SERVERS = [
  { way: 'fastcgi', name: 'flup', argv: ['/usr/bin/python3', 'serve.py'] },
  { way: 'fastcgi', name: 'fcgi', argv: uwsgi('--fastcgi-socket') },
  { way: 'scgi', name: 'scgi', argv: uwsgi('--scgi-socket') },
  { way: 'uwsgi', name: 'packets', argv: uwsgi('--uwsgi-socket') },
] as const;

async function check(t: import('ava').ExecutionContext, it: Front, { way, name, argv }: (typeof SERVERS)[number]) {
  const { server } = it;
  const files = { 'app.py': APP, 'serve.py': FLUP, 'public/a.css': 'body{}', 'public/.env': 'SECRET' };
  const more = { ...MORE, argv, protocol: way, idleSeconds: 1 };
  const spec = server.make('ada', name, files, more);
  cpSync(library, spec.root, { recursive: true });
  server.write(spec);
  t.true((await server.ask({ op: 'load', name: spec.name })).ok);
  const host = `${name}.test`;
  it.publish(spec, host, way);
  const headers = { Proxy: 'http://evil.test', Under_Score: '1', 'X-Forwarded-For': '1.2.3.4', Forwarded: 'for=1.2.3.4', Cookie: 'a=b' };
  const page = await it.visit(host, '/pa%20th/x?q=1', { method: 'POST', headers, body: Buffer.alloc(500_000, 'z') });
  t.is(page.status, 201, `${name}: ${page.body} ${server.log(spec.name)}`);
  const told = JSON.parse(page.body);
  t.like(
    told,
    { REQUEST_METHOD: 'POST', SCRIPT_NAME: '', PATH_INFO: '/pa th/x', QUERY_STRING: 'q=1', SERVER_NAME: host, size: 500_000 },
    name,
  );
  t.like(told, { REMOTE_ADDR: '127.0.0.1', HTTP_HOST: `${host}:${it.port}`, SERVER_PORT: String(it.port), uid: spec.uid }, name);
  t.like(told, { HTTP_PROXY: null, HTTP_UNDER_SCORE: null, HTTP_X_FORWARDED_FOR: '127.0.0.1', HTTP_FORWARDED: null, HTTP_COOKIE: 'a=b' });
  t.is((await it.visit(host, '/a.css')).body, 'body{}');
  t.is(JSON.parse((await it.visit(host, '/.env')).body).PATH_INFO, '/.env', 'hidden files are the app’s affair');
  const act = { path: '/health', status: 201, contains: '/health', timeoutSeconds: 10, documents: '', socket: spec.socket, host, way };
  const marked = { account: 'ada', name: `${name}.1.healthy`, digest: '1' };
  const hands = machine(server.at, { databaseUrl: async () => '', buildEnvironment: {} });
  await t.notThrowsAsync(
    hands.act({ do: 'probe', ...act, mark: marked, resource: 'site', why: 'ask' }, () => {}),
    name,
  );
  await server.until(spec.name, status => status.state === 'asleep' && status.pids.length === 0);
  t.is((await it.visit(host)).status, 201, `${name} wakes again`);
}

serial('FastCGI, SCGI and uwsgi apps: flup and uWSGI through nginx, asleep and awake', async t => {
  const it = await front(t);
  await Promise.all(SERVERS.map(server => check(t, it, server)));
});

serial('closed sites have their page, whatever they spoke; a WebSocket passes to an HTTP app', async t => {
  const it = await front(t);
  const { at } = it.server;
  const code = `
import http.server, socket, sys
s = socket.socket(fileno=3)
while True:
    c, _ = s.accept()
    head = c.recv(65536).decode()
    assert "Upgrade: websocket" in head, head
    c.sendall(b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n")
    c.sendall(b"echo " + c.recv(100))
    c.close()
`;
  const argv = ['/usr/bin/python3', 'ws.py'];
  await it.open('http', 'ws.test', 'bob', 'ws', { 'ws.py': code, 'public/talk': 'a file' }, { ...MORE, argv });
  const said = await new Promise<string>((done, fail) => {
    let text = '';
    const line = connect(it.port, '127.0.0.1', () =>
      line.write('GET /talk HTTP/1.1\r\nHost: ws.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
    );
    line.setEncoding('latin1').on('data', piece => {
      if (!text) line.write('hello');
      text += piece;
      if (text.includes('echo')) line.end();
    });
    line.on('error', fail).on('close', () => done(text));
  });
  t.regex(said, /^HTTP\/1\.1 101/);
  t.true(said.endsWith('echo hello'));
  symlinkSync(at.suspendedSocket, at.site('closed.test'));
  for (const method of ['GET', 'POST']) {
    const page = await it.visit('closed.test', '/x.php', { method, body: 'abc' });
    t.is(page.status, 503);
    t.true(page.body.includes('This site is suspended'));
  }
  t.is((await it.visit('nobody.test', '/index.php')).status, 404);
});
