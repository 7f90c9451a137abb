import test from 'ava';
import { held, live } from './held.ts';
import { parse, raw } from './talk.ts';

const serial = live(test);

const APP = `
import json
class Closing:
    closed = 0
    def __init__(self, pieces): self.pieces = pieces
    def __iter__(self): return iter(self.pieces)
    def close(self): Closing.closed += 1
def application(environ, start):
    path = environ["PATH_INFO"]
    if path == "/env":
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({key: value for key, value in environ.items() if isinstance(value, (str, bool))}).encode()]
    if path == "/echo":
        data = environ["wsgi.input"].read()
        start("200 OK", [])
        return [data]
    if path == "/lines":
        start("200 OK", [])
        return [b"|".join(environ["wsgi.input"])]
    if path == "/write":
        write = start("200 OK", [("Content-Length", "6")])
        write(b"abc")
        return Closing([b"def", b"too long"])
    if path == "/generator":
        start("200 OK", [("Connection", "keep-alive")])
        return Closing(piece for piece in (b"a", b"", b"bc"))
    if path == "/closed":
        start("200 OK", [])
        return [str(Closing.closed).encode()]
    if path == "/file":
        start("200 OK", [])
        return environ["wsgi.file_wrapper"](open(__file__, "rb"))
    if path == "/late":
        start("200 OK", [("Content-Type", "text/html")])
        try: raise ValueError("late")
        except ValueError:
            import sys
            start("500 Oops", [], sys.exc_info())
        return [b"caught"]
    if path == "/raise": raise RuntimeError("secret detail")
    if path == "/half":
        def half():
            yield b"x" * 10
            raise RuntimeError("in the middle")
        start("200 OK", [])
        return half()
    if path == "/split": start("200 OK", [("X-A", "a\\r\\nX-Evil: 1")])
    if path == "/nothing":
        start("204 No Content", [])
        return []
    start("200 OK", [])
    return [b"ignored"]
`;

serial('the worker speaks HTTP/1 and WSGI as they are written', async t => {
  const server = await held(t);
  const { name, socket } = await server.load('ada', 'blog', { 'app.py': APP });
  const ask = async (text: string) => parse(await raw(socket, text.replaceAll('\n', '\r\n')));
  const environ = JSON.parse(
    (
      await ask(
        'GET /env?a=%20b HTTP/1.1\nHost: x.localhost:8080\nX-Real-IP: 203.0.113.9\nX-Forwarded-Proto: https\nX_Real_IP: 1.1.1.1\nCookie: a=1\nCookie: b=2\nX-A: 1\nX-A: 2\n\n',
      )
    ).body.replace(/^[^{]*|[^}]*$/g, ''),
  );
  t.is(environ['wsgi.url_scheme'], 'https');
  t.deepEqual([environ.REMOTE_ADDR, environ.SERVER_NAME, environ.SERVER_PORT], ['203.0.113.9', 'x.localhost', '8080']);
  t.deepEqual([environ.QUERY_STRING, environ.HTTP_COOKIE, environ.HTTP_X_A], ['a=%20b', 'a=1; b=2', '1,2']);
  t.is(environ.HTTP_X_REAL_IP, '203.0.113.9');
  t.is((await server.get(name, '/%c3%a4')).status, 200);
  t.is((await server.get(name, '/echo', 'POST', 'hello')).body, 'hello');
  const chunked = 'POST /echo HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n5;x=y\nhello\n6\n world\n0\nTrailer: 1\n\n';
  t.true((await ask(chunked)).body.includes('hello world'));
  t.is((await server.get(name, '/lines', 'POST', 'a\nb\nc')).body, 'a\n|b\n|c');
  t.is((await server.get(name, '/write')).body, 'abcdef');
  t.is((await server.get(name, '/generator')).body, 'abc');
  t.regex((await ask('GET /generator HTTP/1.1\nHost: x\n\n')).body, /^1\r\na\r\n2\r\nbc\r\n0\r\n\r\n$/);
  t.is((await server.get(name, '/closed')).body, '3');
  t.is((await server.get(name, '/file')).body, APP);
  const late = await server.get(name, '/late');
  t.deepEqual([late.status, late.body], [500, 'caught']);
  const broken = await server.get(name, '/raise');
  t.is(broken.status, 500);
  t.notRegex(broken.body, /secret detail/);
  await server.says(name, /E RuntimeError: secret detail/);
  t.false((await ask('GET /half HTTP/1.1\nHost: x\n\n')).body.endsWith('0\r\n\r\n'));
  t.is((await server.get(name, '/split')).headers['x-evil'], undefined);
  const nothing = await server.get(name, '/nothing');
  t.deepEqual([nothing.status, nothing.headers['content-length'], nothing.headers['transfer-encoding']], [204, undefined, undefined]);
  const head = parse(await raw(socket, 'HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n'));
  t.is(head.body, '');
  const unread = await server.get(name, '/ignores', 'POST', Buffer.alloc(3_000_000));
  t.is(unread.body, 'ignored');
  const waits = await raw(socket, 'POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n');
  t.is(parse(waits).status, 200);
});

serial('a request that never ends is ended with its worker, and the next one is answered', async t => {
  const server = await held(t);
  const app =
    'import time\ndef application(environ, start):\n    start("200 OK", [])\n    if environ["PATH_INFO"] == "/hang":\n        time.sleep(60)\n    return [b"fine"]\n';
  const { name } = await server.load('ada', 'blog', { 'app.py': app }, { requestSeconds: 1 });
  const began = Date.now();
  const hanging = server.get(name, '/hang').catch(() => null);
  t.is((await server.get(name, '/')).body, 'fine');
  t.true(Date.now() - began < 10_000);
  await hanging;
  await server.says(name, /a request took longer than it may/);
});

serial('what nginx would not send is refused, and the worker lives', async t => {
  const server = await held(t);
  const { name, socket } = await server.load('ada', 'blog', { 'app.py': APP });
  t.is((await server.get(name, '/closed')).status, 200);
  const { pids } = await server.status(name);
  const cases: [string, number][] = [
    ['GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
    ['GET / HTTP/2.0\r\n\r\n', 505],
    ['GET /\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nbad header: 1\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nX-A: 1\r\n folded\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nX-A: a\nX-B: b\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nX-A: \0\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n', 501],
    [`GET / HTTP/1.1\r\nX-A: ${'a'.repeat(70_000)}\r\n\r\n`, 431],
    [`GET / HTTP/1.1\r\n${'X-A: 1\r\n'.repeat(300)}\r\n`, 431],
    ['GET http://other/closed HTTP/1.1\r\nHost: x\r\n\r\n', 200],
  ];
  for (const [text, status] of cases) {
    const answer = await raw(socket, text).catch(() => Buffer.from('HTTP/1.1 0'));
    t.is(parse(answer).status, status, JSON.stringify(text.slice(0, 60)));
  }
  await raw(socket, '', true).catch(() => null);
  await raw(socket, 'POST /echo HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf', true).catch(() => null);
  t.is((await server.get(name, '/closed')).status, 200);
  t.deepEqual((await server.status(name)).pids, pids);
});
