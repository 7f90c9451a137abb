import test from 'ava';
import { held, live } from '../slotd/held.ts';

const serial = live(test);

/** An app that asks for what would let it hold up whoever closes a descriptor it has sent: nginx above all. */
const LINGER = `
import ctypes, json, socket, struct
def application(environ, start):
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 3600))
    one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    libc = ctypes.CDLL(None, use_errno=True)
    wide = libc.syscall(ctypes.c_long({"setsockopt"}), ctypes.c_long(one.fileno()), ctypes.c_long(1 << 32 | 1), ctypes.c_long(1 << 32 | 13),
        struct.pack("ii", 1, 3600), ctypes.c_long(8))
    linger = struct.unpack("ii", one.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
    uring = [libc.syscall(425, 4, ctypes.create_string_buffer(256)), ctypes.get_errno()]
    facts = {"linger": linger[0], "keep": one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), "uring": uring}
    start("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(facts).encode()]
`;

serial('no app can have a socket whose closing holds others up', async t => {
  const numbers: Partial<Record<NodeJS.Architecture, string>> = { x64: '54', arm64: '208' };
  const number = numbers[process.arch];
  if (!number) return t.pass(`there is no filter for ${process.arch}`);
  const server = await held(t);
  const { name } = await server.load('eve', 'app', { 'app.py': LINGER.replace('{"setsockopt"}', number) });
  t.deepEqual(JSON.parse((await server.get(name)).body), { linger: 0, keep: 1, uring: [-1, 38] });
});
