import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { HELLO, held, live } from '../slotd/held.ts';

const serial = live(test);

/** An app that sends what it likes over the socket between a worker and slotd, which it finds by its number. */
const HOSTILE = `
import os, socket
def linger():
    heap = socket.create_server(("127.0.0.1", 0))
    mine = socket.create_connection(heap.getsockname())
    mine.setblocking(False)
    try:
        while True: mine.send(b"x" * 65536)
    except BlockingIOError: pass
    mine.setblocking(True)
    mine.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, (20).to_bytes(4, "little") * 2)
    globals()["kept"] = heap
    status = socket.socket(fileno=os.dup(4))
    try: socket.send_fds(status, [b"{}"], [mine.fileno()])
    except OSError:
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, (1).to_bytes(4, "little") + bytes(4))
        raise
    finally: mine.close()
def deep():
    os.write(4, b"[" * 100000)
def nested():
    os.write(4, b'{"leaving":' + b"[" * 900 + b"]" * 900 + b"}")
def last():
    for _ in range(8): os.write(4, b"[" * 100000)
    os._exit(1)
def application(environ, start):
    act = globals().get(environ["PATH_INFO"][1:])
    said = "done"
    try: act and act()
    except OSError as error: said = type(error).__name__
    start("200 OK", [("Content-Type", "text/plain")])
    return [said.encode()]
`;

serial('a socket that an app hands to slotd cannot make slotd wait for it', async t => {
  const server = await held(t);
  const { name } = await server.load('eve', 'app', { 'app.py': HOSTILE });
  await server.load('ada', 'blog', { 'app.py': HELLO });
  // Newer kernels do not even let it be sent.
  t.regex((await server.get(name, '/linger')).body, /^(PermissionError|done)$/);
  const before = Date.now();
  t.is((await server.get('ada.blog', '/')).body, '0 /');
  t.true((await server.ask({ op: 'ping' })).ok);
  t.true(Date.now() - before < 5000, `slotd answered after ${Date.now() - before} ms`);
});

serial('a message nested too deep is no fault of slotd, and its sender can be ended', async t => {
  const server = await held(t);
  const { name } = await server.load('eve', 'app', { 'app.py': HOSTILE });
  for (const path of ['/deep', '/nested']) await server.get(name, path);
  await server.get(name, '/last').catch(() => null);
  await pause(300);
  t.notRegex(server.said, /Traceback/);
  t.is((await server.get(name, '/')).body, 'done');
  t.deepEqual(await server.ask({ op: 'unload', name }), { ok: true });
});
