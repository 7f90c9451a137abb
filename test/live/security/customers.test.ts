import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { type Held, held, live } from '../slotd/held.ts';

const serial = live(test);

/** What a process can tell of itself: its identity, and what it holds. */
const TELL = `
import json, os
def told():
    wanted = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")
    with open("/proc/self/status") as file: status = dict(line.rstrip().split(":", 1) for line in file)
    peers, held = {}, []
    with open("/proc/net/unix") as file:
        for line in list(file)[1:]:
            words = line.split()
            peers["socket:[%s]" % words[6]] = words[7] if len(words) > 7 else ""
    for number in os.listdir("/proc/self/fd"):
        try: target = os.readlink("/proc/self/fd/" + number)
        except OSError: continue
        held.append([int(number), peers.get(target) or target.split(":")[0]])
    return json.dumps({**{name: status[name].split() for name in wanted}, "held": sorted(held)})
`;
const APP = `${TELL}
def application(environ, start):
    start("200 OK", [("Content-Type", "application/json")])
    return [told().encode()]
`;

interface Told extends Record<string, unknown> {
  held: [number, string][];
}

function enter(server: Held, spec: { uid: number; home: string; account: string }, more: object) {
  const common = { uid: spec.uid, gid: spec.uid, home: spec.home, homes: server.at.homes, tmp: server.at.tmp(spec.account) };
  return spawnSync('/usr/bin/python3', ['-I', '-S', join(server.at.slotdFolder, 'enter.py')], {
    input: `${JSON.stringify({ ...common, ...more })}\n`,
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin' },
    timeout: 20_000,
  });
}

serial('app, program, worker and build are the customer for good and hold only what is theirs (P1, P2)', async t => {
  const server = await held(t);
  const tell = { 'app.py': APP, 'tell.py': `${TELL}\nprint(told(), flush=True)\nimport time\ntime.sleep(60)\n` };
  const app = await server.load('ada', 'app', tell);
  const each = await server.load('ada', 'each', tell, { mode: 'per-request' });
  const argv = ['/usr/bin/python3', 'tell.py'];
  const program = await server.load('ada', 'program', tell, { kind: 'command', argv, mode: 'always-on' });
  await server.says(program.name, /Uid/, 15);
  const printed = (name: string) => /O (\{.*\})$/m.exec(server.log(name))?.[1] ?? '';
  const cwd = join(app.root);
  const build = enter(server, app, { verb: 'exec', cwd, env: {}, argv: ['/usr/bin/python3', '-c', `${TELL}\nprint(told())`] });
  const all = {
    app: (await server.get(app.name)).body,
    each: (await server.get(each.name)).body,
    program: printed(program.name),
    build: build.stdout,
  };
  for (const [what, text] of Object.entries(all)) {
    const told = JSON.parse(text) as Told;
    const four = Array(4).fill(String(app.uid));
    t.deepEqual([told.Uid, told.Gid, told.Groups, told.NoNewPrivs, told.Seccomp], [four, four, [], ['1'], ['2']], what);
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) t.deepEqual(told[set], ['0'.repeat(16)], `${what} ${set}`);
    const sockets = told.held.map(([, target]) => target);
    t.false(
      sockets.some(target => /slotd\.sock|agent\.sock|access\.sock/.test(target)),
      what,
    );
    // The listening socket is its own; the rest is nothing, pipes, events and the nameless line to slotd.
    const strange = sockets.filter(
      target =>
        !target.startsWith('/proc/') && !/^(\/dev\/null|pipe|socket|anon_inode|.*\/slots\/(ada\.\w+\.sock|\.[0-9a-f]+))$/.test(target),
    );
    t.deepEqual(strange, [], what);
    t.true(told.held.length <= 12, `${what} holds ${JSON.stringify(told.held)}`);
  }
});

/** Looks for a word in every object and every page of memory the app has; the word comes in two halves, so as not to find itself. */
const SCAN = `
import gc, os, sys
def application(environ, start):
    head, _, tail = environ["QUERY_STRING"].partition(".")
    found = []
    for one in gc.get_objects():
        if isinstance(one, dict):
            for value in list(one.values()):
                if isinstance(value, str) and value.startswith(head) and value.endswith(tail) and "-" in value: found.append("object")
    first, last = head.encode(), tail.encode()
    def holds(piece):
        at = piece.find(first)
        while at >= 0:
            after = at + len(first)
            if piece[after : after + 1] == b"-" and piece.startswith(last, after + 1): return True
            at = piece.find(first, after)
    with open("/proc/self/mem", "rb", 0) as memory, open("/proc/self/maps") as maps:
        for line in list(maps):
            span, rights = line.split()[:2]
            if "r" not in rights or "[v" in line: continue
            at, end = (int(word, 16) for word in span.split("-"))
            while at < end:
                try:
                    memory.seek(at); piece = memory.read(min(1 << 20, end - at))
                except (OSError, ValueError): break
                if not piece: break
                if holds(piece): found.append("memory")
                at += len(piece)
                del piece
    start("200 OK", [])
    return [(",".join(sorted(set(found))) or "nothing").encode()]
`;

serial('an app that searches all it has finds nobody else’s secret (P3)', async t => {
  const word = (who: string) => `zq${who}${process.pid}-xyz${process.pid}${who}`;
  const halves = (who: string) => word(who).replace('-', '.');
  const server = await held(t, { BERTH_TEST_SECRET: word('host') });
  const bob = await server.load('bob', 'shop', { 'app.py': SCAN }, {}, { SECRET_KEY: word('bob') });
  const ada = await server.load('ada', 'app', { 'app.py': SCAN }, {}, { SECRET_KEY: word('ada') });
  await server.get(bob.name, '/?no.thing');
  t.regex((await server.get(ada.name, `/?${halves('ada')}`)).body, /memory/, 'it does find its own');
  for (const who of ['bob', 'host']) t.is((await server.get(ada.name, `/?${halves(who)}`)).body, 'nothing', who);
});

/** Leaves processes that do all they can to stay. */
const STAY = `
import os, signal, time
def stay():
    if os.fork() == 0:
        os.setsid()
        for number in range(3): os.dup2(os.open(os.devnull, os.O_RDWR), number)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        if os.fork() == 0:
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
            while True:
                if os.fork() == 0:
                    for number in (signal.SIGTERM, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
                    time.sleep(2); os._exit(0)
                time.sleep(0.2)
        os._exit(0)
stay()
`;

serial('who is suspended has no process left, however they hide, and none comes again (P6)', async t => {
  const server = await held(t);
  const hello = 'def application(environ, start):\n    start("200 OK", [])\n    return [b"x"]\n';
  const app = await server.load('ada', 'app', { 'app.py': STAY + hello });
  await server.get(app.name);
  const group = `${server.cgroup}/_builds/ada.app`;
  const limits = { memoryMb: 200, cpuPercent: 100, processes: 30 };
  enter(server, app, { verb: 'exec', cwd: app.home, env: {}, cgroup: group, limits, argv: ['/usr/bin/python3', '-c', STAY] });
  const { pids } = await server.status(app.name);
  t.true(pids.length > 1, server.log(app.name));
  const began = Date.now();
  t.deepEqual(await server.ask({ op: 'unload', name: app.name }), { ok: true });
  t.deepEqual(await server.ask({ op: 'sweep', uid: app.uid }), { ok: true, alive: 0 });
  t.true(Date.now() - began < 5000);
  await pause(2500);
  t.deepEqual(await server.ask({ op: 'sweep', uid: app.uid }), { ok: true, alive: 0 });
  t.deepEqual(
    server.groups().filter(folder => /\/ada(\/|$)/.test(folder)),
    [],
  );
});

/** Opens a terminal, tells its name, and starts something in it that would rather stay. */
const TERMINAL = `
import fcntl, os, sys, termios, time
line, inner = os.openpty()
name = os.ttyname(inner)
pid = os.fork()
if pid == 0:
    os.setsid()
    for number in range(3): os.dup2(inner, number)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.closerange(3, 64)
    os.execv("/bin/sleep", ["sleep", "100"])
os.close(inner)
info = os.stat(name)
print(name, info.st_uid, oct(info.st_mode & 0o777), pid, flush=True)
time.sleep(float(sys.argv[1]))
`;

/** Makes a terminal as a helper of its owner would have it, and runs a program while it is there. */
const BESIDE = `
import os, subprocess, sys
line, inner = os.openpty()
os.fchown(inner, int(sys.argv[1]), int(sys.argv[1]))
os.fchmod(inner, 0o620)
asked = sys.stdin.read().replace("TERMINAL", os.ttyname(inner))
print(subprocess.run(sys.argv[2:], input=asked, capture_output=True, text=True).stdout)
`;
const OPEN = `
import os
for how in (os.O_RDONLY, os.O_WRONLY):
    try: os.open("TERMINAL", how | os.O_NOCTTY); print("open")
    except OSError as error: print(type(error).__name__)
`;

serial('a terminal a helper opens is its customer’s alone, and what runs in it ends with it (P9)', async t => {
  const server = await held(t);
  const ada = server.make('ada', 'app', {});
  const bob = server.make('bob', 'app', {});
  const argv = ['/usr/bin/python3', '-c', TERMINAL, '0'];
  const { stdout, stderr } = enter(server, ada, { verb: 'exec', cwd: '/', env: {}, argv });
  t.regex(stdout, /^\/dev\/pts\/\d+ \d+ 0o6[02]0 \d+\n$/, stderr);
  t.is(Number(stdout.split(' ')[1]), ada.uid);
  const asked = { uid: bob.uid, gid: bob.uid, home: bob.home, homes: server.at.homes, tmp: server.at.tmp('bob') };
  const request = { ...asked, verb: 'exec', cwd: '/', env: {}, argv: ['/usr/bin/python3', '-c', OPEN] };
  const helper = ['/usr/bin/python3', '-I', '-S', join(server.at.slotdFolder, 'enter.py')];
  const beside = spawnSync('/usr/bin/python3', ['-c', BESIDE, String(ada.uid), ...helper], {
    input: `${JSON.stringify(request)}\n`,
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin' },
  });
  t.is(beside.stdout.trim(), 'PermissionError\nPermissionError');
  const inside = Number(stdout.split(' ')[3]);
  const lives = () => existsSync(`/proc/${inside}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${inside}/status`, 'utf8'));
  for (let look = 0; look < 40 && lives(); look++) await pause(50);
  t.false(lives(), 'the line was closed, and what ran in the terminal was hung up');
});
