import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import test from 'ava';
import { guarded } from './guarded.ts';
import { held, live } from './held.ts';

const serial = live(test);
const SLOTD = resolve(import.meta.dirname, '../../../agent');

/** What a schedule's next times are, in seconds since 1970, or why it is refused. */
function next(schedule: string, after: string, count = 1): string[] {
  const program = `
import sys, time
sys.path.insert(0, sys.argv[1])
from slotd.server import cron
try:
    at, schedule = float(sys.argv[3]), cron.Schedule(sys.argv[2])
    for _ in range(int(sys.argv[4])):
        at = schedule.after(at)
        print(time.strftime("%a %Y-%m-%d %H:%M", time.gmtime(at)))
except cron.Wrong as error:
    print(error)
`;
  const words = [SLOTD, schedule, String(Date.parse(after) / 1000), String(count)];
  const done = spawnSync('/usr/bin/python3', ['-I', '-S', '-c', program, ...words], { encoding: 'utf8' });
  return done.stdout.trim().split('\n');
}

test('schedules: fields, ranges, steps, lists, names, both kinds of days', t => {
  const friday = '2026-11-20T14:22:10Z';
  const cases: Record<string, string[]> = {
    '* * * * *': ['Fri 2026-11-20 14:23', 'Fri 2026-11-20 14:24'],
    '*/20 * * * *': ['Fri 2026-11-20 14:40', 'Fri 2026-11-20 15:00'],
    '5,10 9-17/4 * * *': ['Fri 2026-11-20 17:05', 'Fri 2026-11-20 17:10', 'Sat 2026-11-21 09:05'],
    '0 8 * * mon-fri': ['Mon 2026-11-23 08:00', 'Tue 2026-11-24 08:00'],
    '0 0 1 jan,JUL *': ['Fri 2027-01-01 00:00', 'Thu 2027-07-01 00:00'],
    '0 0 * * 7': ['Sun 2026-11-22 00:00'],
    '0 0 25 * mon': ['Mon 2026-11-23 00:00', 'Wed 2026-11-25 00:00', 'Mon 2026-11-30 00:00'],
    '30 2 29 2 *': ['Tue 2028-02-29 02:30', 'Sun 2032-02-29 02:30'],
    '@daily': ['Sat 2026-11-21 00:00', 'Sun 2026-11-22 00:00'],
  };
  for (const [schedule, times] of Object.entries(cases)) t.deepEqual(next(schedule, friday, times.length), times, schedule);
  // The nights in which Europe's and America's clocks change: in UTC no hour is missing and none comes twice.
  t.deepEqual(next('30 2 * * *', '2026-03-28T12:00:00Z', 2), ['Sun 2026-03-29 02:30', 'Mon 2026-03-30 02:30']);
  t.deepEqual(next('30 1 * * *', '2026-10-25T00:00:00Z', 2), ['Sun 2026-10-25 01:30', 'Mon 2026-10-26 01:30']);
  const wrong: Record<string, RegExp> = {
    '* * * *': /five fields/,
    '60 * * * *': /minute must be from 0 to 59/,
    '0 0 30 2 *': /never comes/,
    '9-5 * * * *': /ends before it begins/,
    '*/0 * * * *': /step of the minute/,
    '@reboot': /@reboot is not known.*@hourly/,
  };
  for (const [schedule, why] of Object.entries(wrong)) t.regex(next(schedule, friday)[0] ?? '', why);
});

const WORKER = `
import os, signal, sys, time
name = sys.argv[1]
def leave(*_):
    print("asked to end", flush=True)
    time.sleep(0.3)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print(name, "works,", os.readlink("/proc/self/fd/3") if os.path.exists("/proc/self/fd/3") else "no socket", os.environ.get("LISTEN_FDS"), flush=True)
open(os.path.expanduser("~/pid-%d" % os.getpid()), "w").close()
while True: time.sleep(60)
`;

serial('a Procfile worker runs without a socket, is restarted, asked to end, and rests when it crashes', async t => {
  const server = await held(t);
  const argv = ['/usr/bin/python3', '-u', 'work.py', 'one'];
  const more = { process: 'queue', role: 'worker', kind: 'command', mode: 'always-on', argv };
  const spec = await server.load('ada', 'blog', { 'work.py': WORKER }, more);
  t.is(spec.name, 'ada.blog.queue');
  const first = await server.until(spec.name, status => status.state === 'running' && status.pids.length === 1);
  t.like(first, { process: 'queue', role: 'worker', reason: null });
  await server.says(spec.name, /O one works, no socket None/);
  t.false(existsSync(spec.socket));
  const groups = readFileSync(`/proc/${first.pids[0]}/cgroup`, 'utf8');
  t.true(groups.includes(`/${server.cgroup}/ada/blog.queue`), groups);
  t.is(readlinkSync(`/proc/${first.pids[0]}/fd/0`), '/dev/null');
  // It dies: another comes. A new version: the old one ends first, because there may be only one.
  process.kill(first.pids[0] ?? 0, 'SIGKILL');
  const second = await server.until(
    spec.name,
    status => status.state === 'running' && status.pids[0] !== first.pids[0] && status.pids.length === 1,
  );
  await server.says(spec.name, /O one works[\s\S]*O one works/);
  server.make('ada', 'blog', {}, { ...more, argv: [...argv.slice(0, 3), 'two'], generation: 2 });
  t.true((await server.ask({ op: 'load', name: spec.name })).ok);
  await server.says(spec.name, /asked to end[\s\S]*O two works/);
  const third = await server.until(spec.name, status => status.generation === 2 && status.state === 'running');
  t.deepEqual([third.pids.length, third.pids.includes(second.pids[0] ?? 0)], [1, false]);
  // What crashes at start rests, longer and longer.
  server.make('ada', 'blog', { 'work.py': 'raise SystemExit(3)' }, { ...more, generation: 3 });
  await server.ask({ op: 'load', name: spec.name });
  const resting = await server.until(spec.name, status => status.state === 'backing-off');
  t.regex(resting.reason ?? '', /ended with exit code 3/);
  await server.says(spec.name, /next try in 1 s[\s\S]*next try in 2 s/);
  server.make('ada', 'blog', { 'work.py': WORKER }, { ...more, generation: 4 });
  await server.ask({ op: 'load', name: spec.name });
  const { pids } = await server.until(spec.name, status => status.state === 'running');
  await server.says(spec.name, /next try in 2 s[\s\S]*O one works/);
  t.true((await server.ask({ op: 'unload', name: spec.name })).ok);
  t.throws(() => process.kill(pids[0] ?? 0, 0), { code: 'ESRCH' });
  await server.says(spec.name, /O asked to end\n[^\n]*$/);
});

/** Runs a timetable in a time of its own, from 14:22:12 on; what it prints. */
function timetable(program: string): string[] {
  const frame = `
import heapq, sys, time
sys.path.insert(0, sys.argv[1])
from slotd.server.cron import Schedule
from slotd.server.timetable import Timetable
class Timer:
    def __init__(self, act): self.act = act
    def cancel(self): self.act = lambda: None
class Loop:
    def __init__(self): self.now, self.timers, self.count, self.shift = 0.0, [], 0, 0.0
    def later(self, seconds, act):
        timer, self.count = Timer(act), self.count + 1
        heapq.heappush(self.timers, (self.now + seconds, self.count, timer))
        return timer
    def guard(self, act, *words): act(*words)
    def run(self, until):
        while self.timers and self.timers[0][0] <= until:
            self.now, _, timer = heapq.heappop(self.timers)
            timer.act()
        self.now = until
class Slot:
    def __init__(self, schedule): self.schedule, self.due = Schedule(schedule), None
    def run_now(self, when): print(time.strftime("%H:%M", time.gmtime(when)))
loop = Loop()
table = Timetable(loop, lambda: 1795184532.0 + loop.now + loop.shift, lambda: loop.now)
`;
  const done = spawnSync('/usr/bin/python3', ['-I', '-S', '-c', frame + program, SLOTD], { encoding: 'utf8' });
  if (done.stderr) throw new Error(done.stderr);
  return done.stdout.trim().split('\n');
}

test('the timetable: each time once, what was missed is left out, no timer without scheduled slots', t => {
  const both = timetable('table.add(Slot("* * * * *")); table.add(Slot("*/2 * * * *"))\nloop.run(260)');
  t.deepEqual(both, ['14:23', '14:24', '14:24', '14:25', '14:26', '14:26']);
  const forward = timetable('table.add(Slot("*/2 * * * *"))\nloop.run(120); loop.shift = 3600; loop.run(360)');
  t.deepEqual(forward, ['14:24', '15:26', '15:28']);
  const back = timetable('table.add(Slot("*/2 * * * *"))\nloop.run(120); loop.shift = -3600; loop.run(360)');
  t.deepEqual(back, ['14:24', '13:26', '13:28']);
  const changed = timetable(
    'slot = Slot("* * * * *"); table.add(slot); slot.schedule = Schedule("*/3 * * * *"); table.add(slot)\nloop.run(200)',
  );
  t.deepEqual(changed, ['14:24']);
  t.deepEqual(timetable('slot = Slot("* * * * *"); table.add(slot); table.drop(slot)\nloop.run(9999)'), ['']);
  t.deepEqual(timetable('print(len(loop.timers))'), ['0']);
});

serial('a scheduled slot runs its command in its own group, never twice at once, and tells how it went', async t => {
  const server = await held(t);
  const job = 'echo ran; cat /proc/self/cgroup; sleep 0.5; exit 4';
  const argv = ['/bin/sh', 'job.sh'];
  const more = { process: 'nightly', role: 'scheduled', kind: 'command', schedule: '0 3 1 1 *', argv };
  const { name } = await server.load('ada', 'blog', { 'job.sh': job }, more);
  const asleep = await server.status(name);
  t.like(asleep, { state: 'asleep', role: 'scheduled', pids: [], reason: null });
  const due = new Date(asleep.nextRun ?? 0).toISOString();
  t.regex(due, /-01-01T03:00:00\.000Z$/);
  t.true((await server.ask({ op: 'run', name })).ok);
  await server.until(name, status => status.state === 'running');
  t.true((await server.ask({ op: 'run', name })).ok);
  const log = await server.says(name, /B ended with exit code 4 after 0\.\d s/);
  t.true(log.includes(`/${server.cgroup}/ada/blog.nightly`));
  t.regex(log, /B started at its time/);
  t.regex(log, /B is still running since .*, so this run is left out/);
  const after = await server.until(name, status => status.state === 'asleep');
  t.is(after.reason?.replace(/0\.\d s/, ''), 'the last run ended with exit code 4 after ');
  t.is((log.match(/O ran/g) ?? []).length, 1);
  t.regex((await server.ask({ op: 'run', name: 'ada.shop' })).error ?? '', /no scheduled slot ada\.shop/);
  server.make('ada', 'blog', {}, { ...more, schedule: '61 * * * *', generation: 2 });
  t.regex((await server.ask({ op: 'load', name })).error ?? '', /schedule: the minute must be from 0 to 59/);
  t.like(await server.status(name), { generation: 1, nextRun: asleep.nextRun });
});

serial('a new slotd takes up a worker and a run that goes on, and doubles neither', async t => {
  const server = await guarded(t);
  const worker = { process: 'queue', role: 'worker', kind: 'command', mode: 'always-on', argv: ['/bin/sleep', '600'] };
  const queue = await server.load('ada', 'blog', { 'job.sh': 'echo ran; sleep 2.5' }, worker);
  const job = { process: 'nightly', role: 'scheduled', kind: 'command', schedule: '@yearly', argv: ['/bin/sh', 'job.sh'] };
  const { name } = await server.load('ada', 'blog', {}, job);
  const [{ pid } = { pid: 0 }] = (await server.until(queue.name, status => status.state === 'running')).workers;
  await server.ask({ op: 'run', name });
  await server.until(name, status => status.state === 'running');
  await server.restart();
  t.deepEqual((await server.status(queue.name)).pids, [pid]);
  t.true((await server.ask({ op: 'run', name })).ok);
  await server.says(name, /is still running since .*, so this run is left out/);
  await server.crash();
  t.deepEqual((await server.status(queue.name)).pids, [pid]);
  t.like(await server.status(name), { state: 'running', role: 'scheduled' });
  const log = await server.says(name, /B ended .* after \d\.\d s/);
  t.is((log.match(/O ran/g) ?? []).length, 1);
  await server.until(name, status => status.state === 'asleep' && status.pids.length === 0);
  // It is watched as before: when it dies another comes.
  process.kill(pid, 'SIGKILL');
  const next = await server.until(queue.name, status => status.state === 'running' && status.pids.length === 1 && status.pids[0] !== pid);
  t.is(next.workers.length, 1);
});
