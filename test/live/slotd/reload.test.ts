import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { type Held, held, live } from './held.ts';

const serial = live(test);

// Of another length each time: Python tells sources apart by their size and the second they were written in.
const code = (generation: number, more = '') => `
import os, time
${more}
def application(environ, start):
    time.sleep(0.005)
    start("200 OK", [("X-Pid", str(os.getpid()))])
    return [b"${'x'.repeat(generation)}"]
`;

async function renew(server: Held, generation: number, files: Record<string, string>, more = {}): Promise<void> {
  const { name } = server.make('ada', 'blog', files, { ...more, generation });
  const answer = await server.ask({ op: 'load', name });
  if (!answer.ok) throw new Error(answer.error);
}

/** Visitors who ask one after another until told to stop. */
function visitors(server: Held, name: string, count: number) {
  const seen = { answered: 0, lost: 0, bodies: new Set<string>() };
  let going = true;
  const all = Array.from({ length: count }, async () => {
    while (going) {
      const answer = await server.get(name).catch(() => null);
      if (answer?.status === 200 && answer.body !== '') {
        seen.answered++;
        seen.bodies.add(answer.body);
      } else seen.lost++;
    }
  });
  const stop = async () => {
    going = false;
    await Promise.all(all);
    return seen;
  };
  return { stop };
}

serial('thirty reloads under eight visitors lose nothing', async t => {
  const server = await held(t);
  const more = { workers: 2 };
  const { name } = await server.load('ada', 'blog', { 'app.py': code(1) }, more);
  await server.get(name);
  const { stop } = visitors(server, name, 8);
  t.teardown(stop);
  for (let generation = 2; generation <= 31; generation++) {
    await renew(server, generation, { 'app.py': code(generation) }, more);
    await server.until(name, status => status.state === 'running' && status.generation === generation);
    t.is((await server.get(name)).body.length, generation);
  }
  const seen = await stop();
  t.is(seen.lost, 0);
  t.true(seen.answered > 200, String(seen.answered));
  t.true(seen.bodies.size >= 30);
});

serial('reloads, last requests, threads and several always-on workers at the same time lose nothing', async t => {
  const server = await held(t);
  const limits = { memoryMb: 300, cpuPercent: 400, processes: 60, openFiles: 256 };
  const more = { workers: 3, threads: 3, maxRequests: 60, mode: 'always-on', limits };
  const { name } = await server.load('ada', 'blog', { 'app.py': code(1) }, more);
  const { stop } = visitors(server, name, 8);
  t.teardown(stop);
  for (let generation = 2; generation <= 8; generation++, await pause(300))
    await renew(server, generation, { 'app.py': code(generation) }, more);
  await server.until(name, status => status.generation === 8 && status.workers.length === 3);
  const seen = await stop();
  t.is(seen.lost, 0);
  t.true(seen.answered > 400, String(seen.answered));
});

serial('the new worker is ready before the old one leaves, so nobody waits for a slow start', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', { 'app.py': code(1) });
  await server.get(name);
  await renew(server, 2, { 'app.py': code(2, 'time.sleep(1.5)') });
  await pause(200);
  const began = Date.now();
  t.is((await server.get(name)).body, 'x');
  t.true(Date.now() - began < 500);
  t.is((await server.status(name)).generation, 1, 'what serves is told');
  await server.until(name, status => status.generation === 2);
  t.is((await server.get(name)).body, 'xx');
  await server.says(name, /a new process took over from an old one after \d+ ms/);
});

serial('a new version that fails at start leaves the old one serving, and says so', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', { 'app.py': code(1) });
  await server.get(name);
  await renew(server, 2, { 'app.py': code(2, 'import missing_library') });
  const told = await server.until(name, status => status.reason !== null);
  t.is(told.state, 'running');
  t.is(told.reason, "the new version failed at start: ModuleNotFoundError: No module named 'missing_library'; the old one goes on");
  t.is((await server.get(name)).body, 'x');
  await server.says(name, /B the new version failed at start: ModuleNotFoundError.*; the old one goes on/);
  await renew(server, 3, { 'app.py': code(3) });
  const healed = await server.until(name, status => status.generation === 3);
  t.is(healed.reason, null);
  t.is((await server.get(name)).body, 'xxx');
});

serial('a restart of a sleeping slot wakes nobody; new limits and fewer workers replace nobody', async t => {
  const server = await held(t);
  const { name } = await server.load('ada', 'blog', { 'app.py': code(1) }, { idleSeconds: 30 });
  await renew(server, 2, {}, { idleSeconds: 30 });
  await pause(100);
  t.like(await server.status(name), { state: 'asleep', pids: [], wakes: 0, generation: 2 });
  const { headers } = await server.get(name);
  const limits = { memoryMb: 96, cpuPercent: 150, processes: 20, openFiles: 256 };
  await renew(server, 2, {}, { idleSeconds: 30, limits, workers: 2 });
  t.is((await server.get(name)).headers['x-pid'], headers['x-pid']);
});

serial('where two do not fit, the old one leaves first, and still nothing is lost', async t => {
  const server = await held(t);
  const big = (generation: number) => code(generation, 'block = bytearray(os.urandom(1)) * (45 << 20)');
  const more = { limits: { memoryMb: 80, cpuPercent: 200, processes: 20, openFiles: 256 } };
  const { name } = await server.load('ada', 'blog', { 'app.py': big(1) }, more);
  await server.get(name);
  const { stop } = visitors(server, name, 3);
  t.teardown(stop);
  for (const generation of [2, 3, 4]) {
    await renew(server, generation, { 'app.py': big(generation) }, more);
    await server.until(name, status => status.state === 'running' && status.generation === generation);
  }
  const seen = await stop();
  t.is(seen.lost, 0);
  t.is((await server.status(name)).limitHits.memory, 0);
});
