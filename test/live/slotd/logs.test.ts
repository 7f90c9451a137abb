import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { HELLO, held, live } from './held.ts';
import { processes } from './talk.ts';

const serial = live(test);

const TALKER = `
import os, sys, threading
def flood():
    while True: os.write(1, b"noise " * 1000 + b"\\n")
def application(environ, start):
    path = environ["PATH_INFO"]
    if path == "/flood": threading.Thread(target=flood, daemon=True).start()
    elif path == "/forge": os.write(1, b"one\\r2026-01-01T00:00:00.000Z B forged\\x00\\x07 \\x1b[31mred\\tend\\n")
    elif path == "/long": os.write(2, b"y" * 100000 + b"\\n")
    else: print("said " + path)
    start("200 OK", [])
    return [b"ok"]
`;

serial('an endless logger stays under its cap and does not silence others (P11)', async t => {
  const server = await held(t);
  const loud = await server.load('ada', 'loud', { 'app.py': TALKER }, { logBytes: 262_144 });
  const calm = await server.load('bob', 'calm', { 'app.py': TALKER });
  await server.get(loud.name, '/flood');
  for (let n = 0; n < 40; n++) {
    t.is((await server.get(calm.name, `/${n}`)).body, 'ok');
    await pause(50);
  }
  const log = await server.says(calm.name, /said \/39$/m);
  for (let n = 0; n < 40; n++) t.true(log.includes(` O said /${n}\n`), String(n));
  const path = server.at.log('ada', 'loud', 'app');
  t.true(existsSync(`${path}.1`));
  for (const file of [path, `${path}.1`]) {
    const info = statSync(file);
    t.true(info.size <= 262_144);
    t.deepEqual([info.uid, info.mode & 0o777], [0, 0o600]);
  }
  t.is(statSync(server.at.logFolder('ada', 'loud')).mode & 0o777, 0o700);
});

serial('a line is one line: control characters cannot forge another', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', { 'app.py': TALKER });
  await server.get(name, '/forge');
  await server.get(name, '/long');
  const log = await server.says(name, / E y{1696}\n/);
  t.true(log.includes(' O one2026-01-01T00:00:00.000Z B forged \u001b[31mred\tend\n'));
  t.is(log.replace(/[^y]/g, '').length, 100_000);
  t.true(log.split('\n').every(line => line === '' || /^\d{4}-\d\d-\d\dT[\d:.]{12}Z [OEB] /.test(line)));
});

serial('a log process that dies loses nothing', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', { 'app.py': TALKER });
  await server.get(name, '/before');
  for (let round = 0; round < 3; round++) {
    await server.says(name, new RegExp(round ? `said /after${round - 1}` : 'said /before'));
    const logs = processes('logs.py').find(found => found.parent === server.child?.pid);
    process.kill(logs?.pid ?? 0, 'SIGKILL');
    await server.get(name, `/after${round}`);
  }
  const log = await server.says(name, /said \/after2/);
  t.is(log.match(/said \//g)?.length, 4);
});

serial('nginx’s access log is split by site', async t => {
  const server = await held(t);
  const { name, socket } = await server.load('ada', 'blog', { 'app.py': HELLO });
  symlinkSync(socket, server.at.site('blog-ada.localhost'));
  const info = statSync(server.at.accessSocket);
  t.is(info.mode & 0o777, 0o660);
  const rest = '203.0.113.9 "GET / HTTP/1.1" 200 5120 0.031 "ref" "agent"';
  const lines = [`blog-ada.localhost ${rest}`, `none.localhost ${rest}`, `../../x ${rest}`, 'broken', `blog-ada.localhost ${rest}\nforged`];
  const script = `import socket,sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
for line in sys.argv[2:]: s.sendto(b"<190>Nov 20 10:00:00 nginx: " + line.encode(), sys.argv[1])`;
  t.is(spawnSync('/usr/bin/python3', ['-c', script, server.at.accessSocket, ...lines]).status, 0);
  for (let n = 0; n < 100 && server.log(name, 'access').split('\n').length < 3; n++) await pause(30);
  const [one = '', two = '', end] = server.log(name, 'access').split('\n');
  t.regex(one, /^\d{4}-\d\d-\d\dT[\d:.]{12}Z 203\.0\.113\.9 "GET \/ HTTP\/1\.1" 200 5120 0\.031 "ref" "agent"$/);
  t.true(two.endsWith('"agent"forged'));
  t.is(end, '');
});

serial('at rest the slot server uses no processor time', async t => {
  const server = await held(t);
  await server.load('ada', 'blog', { 'app.py': HELLO });
  await pause(500);
  const spent = () => {
    const mine = processes('slotd/').filter(found => found.parent === server.child?.pid || found.pid === server.child?.pid);
    return mine.map(({ pid }) => readFileSync(`/proc/${pid}/status`, 'utf8').match(/ctxt_switches:\s+\d+/g));
  };
  const before = spent();
  await pause(1500);
  t.deepEqual(spent(), before);
});
