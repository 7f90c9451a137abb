import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { HELLO, Held, held, live } from './held.ts';
import { processes } from './talk.ts';

const serial = live(test);

const limitFiles = (pid: number, limit: number) =>
  spawnSync('/usr/bin/prlimit', ['--pid', String(pid), `--nofile=${limit}:`], { encoding: 'utf8' });

/** Processor time of a process so far, in clock ticks of 10 ms. */
function ticks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(words[11]) + Number(words[12]);
}

serial('without a free descriptor slotd lives and rests, visitors wait, and all are answered once there are some again', async t => {
  const server = await held(t);
  const names = ['ada', 'bob', 'carl', 'dora'].map(account => `${account}.blog`);
  for (const name of names) await server.load(name.split('.')[0] ?? '', 'blog', { 'app.py': HELLO });
  const broken = await server.load('eve', 'blog', { 'app.py': 'raise SystemExit(1)' });
  t.is((await server.get(names[0] ?? '')).status, 200);
  t.is((await server.get(broken.name)).status, 503);
  const slotd = server.child?.pid ?? 0;
  await pause(300);
  const open = new Set(readdirSync(`/proc/${slotd}/fd`).map(Number));
  const used = Array.from({ length: 10_000 }, (_, n) => n).find(n => !open.has(n)) ?? 0;
  const had = Number(/^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${slotd}/limits`, 'utf8'))?.[1]);
  t.is(limitFiles(slotd, used).status, 0);
  const waiting = [...names.slice(1), broken.name].map(name => server.get(name));
  const asked = server.ask({ op: 'ping' });
  t.is((await server.get(names[0] ?? '')).status, 200);
  const [began, before] = [Date.now(), ticks(slotd)];
  await pause(1500);
  t.true(ticks(slotd) - before < ((Date.now() - began) / 10) * 0.2, 'it does not spin');
  limitFiles(slotd, had);
  t.true((await asked).ok);
  const answers = await Promise.all(waiting);
  t.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200, 503],
  );
  t.is(server.said.match(/short of something \(Too many open files\)/g)?.length, 1);
  t.is((await server.status('ada.blog')).state, 'running');
});

serial('with a full disk apps go on, which is said once, and so is its end', async t => {
  const server = await held(t);
  const chatty = `
def application(environ, start):
    print("x" * 2000)
    start("200 OK", [])
    return [b"fine"]
`;
  const { name } = await server.load('ada', 'blog', { 'app.py': chatty }, { idleSeconds: 1 });
  const logs = join(server.at.state, 'logs');
  mkdirSync(logs, { recursive: true });
  const mount = (...argv: string[]) => spawnSync(`/usr/bin/${argv[0]}`, argv.slice(1)).status;
  if (mount('mount', '-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', logs) !== 0) {
    t.pass('skipped: nothing can be mounted here');
    return;
  }
  t.teardown(() => mount('umount', '-l', logs));
  for (let n = 0; n < 60; n++) t.is((await server.get(name)).body, 'fine');
  await server.until(name, status => status.state === 'asleep');
  t.is((await server.get(name)).body, 'fine');
  const told = () => server.said.match(/logs: cannot write .*No space left on device/g)?.length;
  for (const end = Date.now() + 3000; Date.now() < end && !told(); ) await pause(50);
  t.is(told(), 1);
  t.is(mount('mount', '-o', 'remount,size=8m', logs), 0);
  t.is((await server.get(name)).body, 'fine');
  for (const end = Date.now() + 3000; Date.now() < end && !/can write again/.test(server.said); ) await pause(50);
  t.regex(server.said, /logs: can write again; about \d+ lines are lost/);
  t.is(told(), 1);
});

serial('zygotes and the log process may be killed at any moment: every sleeping app still wakes', async t => {
  const server = await held(t);
  const accounts = ['ada', 'bob', 'carl', 'dora', 'eve', 'finn'];
  for (const account of accounts) await server.load(account, 'blog', { 'app.py': HELLO }, { idleSeconds: 1 });
  t.is((await server.get('ada.blog')).status, 200);
  for (let round = 0; round < 2; round++) {
    const answers = Promise.all(accounts.map(account => server.get(`${account}.blog`)));
    for (let n = 0; n < 2; n++) {
      for (const { pid, parent } of processes('slotd/zygote.py').filter(({ line }) => line.includes(` ${server.child?.pid} `))) {
        if (parent === server.child?.pid && !/ada|bob|carl|dora|eve|finn/.test(readFileSync(`/proc/${pid}/comm`, 'utf8')))
          process.kill(pid, 'SIGKILL');
      }
      for (const { pid } of processes(`slotd/logs.py ${server.child?.pid}`)) process.kill(pid, 'SIGKILL');
      await pause(15);
    }
    for (const answer of await answers) t.is(answer.status, 200);
    await server.until('ada.blog', status => status.state === 'asleep' && status.processes === 0);
    await pause(1200);
  }
});

serial('ten thousand slots: booted in seconds, woken at random, and at rest without any processor time', async t => {
  const server = new Held();
  t.timeout(60_000);
  t.teardown(() => server.clear());
  const base = server.make('ada', 'base', { 'app.py': HELLO }, { idleSeconds: 2 });
  const name = (n: number) => `ada.s${n}`;
  for (let n = 0; n < 10_000; n++) {
    const own = { name: name(n), app: `s${n}`, socket: server.at.slotSocket('ada', `s${n}`), log: server.at.log('ada', `s${n}`, 'app') };
    writeFileSync(server.at.slotSpec('ada', `s${n}`), JSON.stringify({ ...base, ...own }), { mode: 0o600 });
  }
  const began = Date.now();
  await server.start();
  const booted = Date.now() - began;
  t.log(`booted in ${booted} ms`);
  t.true(booted < 15_000);
  const chosen = Array.from({ length: 60 }, () => name(Math.floor(Math.random() * 10_000)));
  for (let from = 0; from < chosen.length; from += 10) {
    const answers = await Promise.all(chosen.slice(from, from + 10).map(one => server.get(one, `/${one}`)));
    t.deepEqual(
      answers.map(({ body }) => body),
      chosen.slice(from, from + 10).map(one => `0 /${one}`),
    );
  }
  await pause(4500);
  const slotd = server.child?.pid ?? 0;
  const before = ticks(slotd);
  await pause(1500);
  t.is(ticks(slotd) - before, 0);
});
