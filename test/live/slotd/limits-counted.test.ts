import { readFileSync } from 'node:fs';
import test from 'ava';
import { held, live } from './held.ts';

const serial = live(test);

const HOG = `
import os, sys, threading, time
kept = []
def scribble():
    with open("big", "wb", buffering=0) as file:
        while True:
            file.seek(0)
            for _ in range(8): file.write(bytes(1 << 20))
            os.fsync(file.fileno())
def read():
    with open("big", "wb") as file: file.write(bytes(8 << 20)); file.flush(); os.fsync(file.fileno())
    one = os.open("big", os.O_RDONLY)
    while True:
        os.posix_fadvise(one, 0, 0, os.POSIX_FADV_DONTNEED)
        os.pread(one, 8 << 20, 0)
def shout():
    while True: sys.stdout.write("x" * 65536 + "\\n")
def application(environ, start):
    path = environ["PATH_INFO"]
    if path == "/log": threading.Thread(target=shout, daemon=True).start()
    if path == "/io":
        for act in (read, scribble): threading.Thread(target=act, daemon=True).start()
    if path == "/files":
        try:
            while True: kept.append(open("/dev/null"))
        except OSError: pass
    if path == "/eat":
        # Never more than what is asked for at a time, and all of it written to.
        size = 0
        with open("/proc/self/smaps_rollup") as file: before = file.read()
        while True:
            kept.append(bytearray(1 << 20)); size += 1
            with open("eaten", "w") as file: file.write(str(size))
    start("200 OK", [])
    return [b"fine"]
`;

serial('disk speed, open files and output: each limit that is met is counted, and the log says so', async t => {
  const server = await held(t, { BERTH_LOOK_SECONDS: '3' });
  const limits = { memoryMb: 128, cpuPercent: 200, processes: 30, openFiles: 64, ioMbps: 2 };
  const account_limits = { memoryMb: 512, cpuPercent: 400, processes: 100, ioMbps: 5 };
  const apps = await Promise.all(['io', 'files', 'log'].map(app => server.load('ada', app, { 'app.py': HOG }, { limits, account_limits })));
  const [io = '', files = '', log = ''] = apps.map(({ name }) => name);
  await Promise.all([server.get(io, '/io'), server.get(files, '/files'), server.get(log, '/log')]);
  await server.says(files, / B had \(almost\) all of its 64 files and connections open$/m, 15);
  await server.until(log, status => status.limitHits.log > 0);
  t.true((await server.status(files)).limitHits.openFiles > 0);
  t.like((await server.status(files)).limitHits, { memory: 0, processes: 0, io: 0 });
  if (!readFileSync('/proc/mounts', 'utf8').includes('blkio')) return;
  await server.says(io, / B read or wrote as fast as its 2 MB a second allow, and had to wait$/m, 25);
  t.true((await server.status(io)).limitHits.io > 0);
});

serial('what a worker took before it entered its group counts against its limit', async t => {
  const server = await held(t);
  const { name, root } = await server.load('ada', 'eat', { 'app.py': HOG });
  await server.get(name);
  const { memoryBytes } = await server.status(name);
  await server.get(name, '/eat').catch(() => null);
  await server.says(name, / B used more memory than 128 MB and was ended$/m);
  const eaten = Number(readFileSync(`${root}/eaten`, 'utf8')) * 1_048_576;
  t.true(memoryBytes > 5 * 1_048_576, `an app that idles has ${memoryBytes}`);
  t.true(eaten + memoryBytes < 132 * 1_048_576, `it held ${eaten} beside ${memoryBytes}`);
  t.is((await server.get(name)).body, 'fine');
});
