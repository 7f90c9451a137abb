import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { HELLO, held, live } from './held.ts';
import { holds } from './memory.ts';
import { processes } from './talk.ts';

const serial = live(test);

const LOOK = `
import json, os, sys
def application(environ, start):
    path = environ["PATH_INFO"]
    def attempt(act):
        try: return act()
        except Exception as error: return type(error).__name__
    open("/tmp/mine", "w").write("x")
    facts = {
        "ids": [os.getresuid(), os.getresgid(), os.getgroups()],
        "homes": attempt(lambda: [os.path.isdir(os.environ["OTHER"]), os.path.isdir(os.environ["HOME"])]),
        "secret": attempt(lambda: open(os.environ["OTHER"] + "/secret").read()),
        "tmp": sorted(os.listdir("/tmp")), "var": attempt(lambda: sorted(os.listdir("/var/tmp"))), "shm": os.listdir("/dev/shm"),
        "pids": [name for name in os.listdir("/proc") if name.isdigit()],
        "root": attempt(lambda: os.setuid(0)), "control": attempt(lambda: os.listdir(os.environ["RUN"] + "/slots")),
        "cwd": os.getcwd(), "prefix": sys.prefix, "executable": sys.executable, "path": sys.path[0],
        "ours": sorted(name for name in sys.modules if "slotd" in name), "main": repr(sys.modules["__main__"]),
        "session": os.getsid(0) == os.getpid(), "modules": "worker" in sys.modules, "gc": __import__("gc").isenabled(),
    }
    start("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(facts).encode()]
`;

serial('a worker is its customer and nothing more, in its own group and its own view', async t => {
  const server = await held(t);
  server.make('bob', 'shop', { 'app.py': HELLO });
  writeFileSync(join(server.at.home('bob'), 'secret'), 'bob');
  chmodSync(server.at.home('bob'), 0o777);
  writeFileSync('/tmp/berth-test-foreign', 'x');
  t.teardown(() => rmSync('/tmp/berth-test-foreign', { force: true }));
  const env = { OTHER: server.at.home('bob'), RUN: server.at.run };
  const { name, uid, home } = await server.load('ada', 'blog', { 'app.py': LOOK }, {}, env);
  const facts = JSON.parse((await server.get(name)).body);
  t.deepEqual(facts.ids, [[uid, uid, uid], [uid, uid, uid], []]);
  t.deepEqual(facts.homes, [false, true]);
  t.is(facts.secret, 'FileNotFoundError');
  t.false(facts.tmp.includes('berth-test-foreign'));
  t.true(facts.tmp.includes('mine'));
  t.deepEqual(facts.shm, []);
  t.is(facts.root, 'PermissionError');
  t.is(facts.control, 'PermissionError');
  t.is(facts.cwd, join(home, 'apps/blog/current'));
  t.is(facts.path, facts.cwd);
  t.is(facts.prefix, join(facts.cwd, '.venv'));
  t.is(facts.executable, join(facts.cwd, '.venv/bin/python'));
  t.deepEqual(facts.ours, []);
  t.true(facts.session);
  t.true(facts.gc);
  const [pid = 0] = (await server.status(name)).pids;
  t.deepEqual(facts.pids, [String(pid)]);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  t.regex(status, new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}\\s+${uid}$`, 'm'));
  t.regex(status, /^Groups:\s*$/m);
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) t.regex(status, new RegExp(`^${set}:\\s+0{16}$`, 'm'));
  t.regex(status, /^NoNewPrivs:\s+1$/m);
  const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  t.true(groups.split('\n').filter(line => line.includes(`/${server.cgroup}/ada/blog`)).length >= 1);
  for (const line of groups.split('\n')) if (/:(memory|pids|cpu):/.test(line)) t.true(line.includes(`/${server.cgroup}/ada/blog`));
  // 0 to 4 as the child set them, and the pipe that SIGTERM rings.
  const open = readdirSync(`/proc/${pid}/fd`).map(Number);
  t.deepEqual(open.filter(number => number < 5).sort(), [0, 1, 2, 3, 4]);
  t.true(open.length <= 7);
});

serial('no secret of a tenant is ever in a zygote, in slotd or in another tenant', async t => {
  const server = await held(t);
  const word = (who: string) => [`can${who}`, 'ary', String(process.pid)].join('-');
  const keep = `import os\nKEEP = os.environ["SECRET_KEY"]\n${HELLO}`;
  const one = await server.load('ada', 'blog', { 'app.py': keep }, {}, { SECRET_KEY: word('ada') });
  const two = await server.load('bob', 'shop', { 'app.py': keep }, {}, { SECRET_KEY: word('bob') });
  for (let n = 0; n < 5; n++) for (const { name } of [one, two]) t.is((await server.get(name)).status, 200);
  const pid = async (name: string) => (await server.status(name)).pids[0] ?? 0;
  const [ada, bob] = [await pid(one.name), await pid(two.name)];
  t.true(await holds(ada, word('ada')));
  t.false(await holds(ada, word('bob')));
  t.false(await holds(bob, word('ada')));
  const ours = processes('slotd/').filter(({ parent, pid: own }) => parent === server.child?.pid || own === server.child?.pid);
  const roots = ours.filter(({ pid: own }) => own !== ada && own !== bob);
  t.true(roots.length >= 3);
  for (const { pid: own } of roots) for (const who of ['ada', 'bob']) t.false(await holds(own, word(who)));
});
