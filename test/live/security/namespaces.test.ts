import test from 'ava';
import { held, live } from '../slotd/held.ts';

const serial = live(test);

/** An app that tries every way to a user namespace of its own, and what a root there could do; and what must go on working. */
const WAYS = `
import ctypes, errno, json, multiprocessing, os, subprocess, threading
libc = ctypes.CDLL(None, use_errno=True)
NEWUSER, NEWNS, CLONE, UNSHARE = 0x10000000, 0x20000, {"x86_64": 56, "aarch64": 220}, {"x86_64": 272, "aarch64": 97}
machine = os.uname().machine
def name(result):
    return "done" if result >= 0 else errno.errorcode[ctypes.get_errno()]
def fork(flags):
    result = libc.syscall(CLONE[machine], ctypes.c_ulong(flags | 17), 0, 0, 0, 0)
    if result == 0: os._exit(0)
    if result > 0: os.waitpid(result, 0)
    return name(result)
def application(environ, start):
    threads = []
    one = threading.Thread(target=lambda: threads.append(1)); one.start(); one.join()
    facts = {
        "unshare": name(libc.unshare(NEWUSER)), "both": name(libc.unshare(NEWUSER | NEWNS)), "clone": fork(NEWUSER),
        "wide": name(libc.syscall(UNSHARE[machine], ctypes.c_ulong(1 << 33 | NEWUSER))),
        "clone3": name(libc.syscall(435, ctypes.create_string_buffer(88), 88)),
        "mount": name(libc.mount(b"none", b"/tmp", b"cgroup2", 0, None)), "mount1": name(libc.mount(b"none", b"/tmp", b"cgroup", 0, b"pids")),
        "plain": fork(0), "thread": len(threads), "program": subprocess.run(["/bin/echo", "ran"], capture_output=True, text=True).stdout.strip(),
        "tool": subprocess.run(["/usr/bin/unshare", "-Ur", "id", "-u"], capture_output=True, text=True).stdout,
    }
    start("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(facts).encode()]
`;

serial('no app gets a user namespace, mounts anything, or misses what it may have', async t => {
  if (!['x64', 'arm64'].includes(process.arch)) return t.pass(`there is no filter for ${process.arch}`);
  const server = await held(t);
  const { name } = await server.load('eve', 'app', { 'app.py': WAYS });
  t.deepEqual(JSON.parse((await server.get(name)).body), {
    ...{ unshare: 'EPERM', both: 'EPERM', clone: 'EPERM', wide: 'EPERM', clone3: 'ENOSYS', mount: 'EPERM', mount1: 'EPERM' },
    ...{ plain: 'done', thread: 1, program: 'ran', tool: '' },
  });
});

/** P7: every control group file of every tree, and what its release agent would be. */
const GROUPS = `
import json, os
def application(environ, start):
    opened, seen = [], 0
    for top, _, files in os.walk("/sys/fs/cgroup"):
        for file in files:
            if file in ("cgroup.procs", "tasks", "release_agent", "notify_on_release", "memory.max", "memory.limit_in_bytes", "pids.max", "cgroup.kill"):
                seen += 1
                try: os.close(os.open(os.path.join(top, file), os.O_WRONLY))
                except OSError: continue
                opened.append(os.path.join(top, file))
    made = []
    for top in [p[0] for p in os.walk("/sys/fs/cgroup")][:200]:
        try: os.mkdir(top + "/mine")
        except OSError: continue
        made.append(top)
    start("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"opened": opened, "made": made, "seen": seen > 0}).encode()]
`;

serial('no app can leave its control groups or make others (P7)', async t => {
  const server = await held(t);
  const { name } = await server.load('eve', 'app', { 'app.py': GROUPS });
  t.deepEqual(JSON.parse((await server.get(name)).body), { opened: [], made: [], seen: true });
});
