import test from 'ava';
import { HELLO, type Held, held, live } from './held.ts';

const serial = live(test);

const MANY = 60;
/** Takes some processor time to start, as any app does. */
const SLOW = `
import time
until = time.process_time() + 0.1
while time.process_time() < until: pass
`;

/** How long a sleeping app of bob's takes to answer: the middle of several wakes of different apps, in ms. */
async function wakes(server: Held, apps: string[]): Promise<number> {
  const took: number[] = [];
  for (const name of apps) {
    const began = performance.now();
    const { status } = await server.get(name);
    if (status !== 200) throw new Error(`${name} answered ${status}`);
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b)[Math.floor(took.length / 2)] ?? 0;
}

serial('sixty apps of one account that wake or crash at once do not make another account wait', async t => {
  t.timeout(90_000);
  const server = await held(t);
  const account_limits = { memoryMb: 4096, cpuPercent: 400, processes: 1000 };
  const limits = { memoryMb: 128, cpuPercent: 400, processes: 30, openFiles: 256 };
  const [quiet, busy] = [1, 2].map(round => Array.from({ length: 7 }, (_, n) => `app${round}${n}`)) as [string[], string[]];
  for (const app of [...quiet, ...busy]) await server.load('bob', app, { 'app.py': HELLO }, { limits, account_limits });
  const storm: string[] = [];
  for (let n = 0; n < MANY; n++) {
    const text = n % 2 ? `${SLOW}raise RuntimeError("crashed")\n` : `${SLOW}${HELLO}`;
    storm.push((await server.load('ada', `app${n}`, { 'app.py': text }, { limits, account_limits })).name);
  }
  await server.get('bob.app10');
  const alone = await wakes(
    server,
    quiet.slice(1).map(app => `bob.${app}`),
  );
  let ended = 0;
  const answers = storm.map(name =>
    server.get(name).then(({ status }) => {
      ended++;
      return status;
    }),
  );
  const beside = await wakes(
    server,
    busy.map(app => `bob.${app}`),
  );
  const waiting = MANY - ended;
  t.true(waiting > 0, 'the storm was over too soon to tell');
  t.log(`a wake took ${Math.round(alone)} ms alone and ${Math.round(beside)} ms beside ${waiting} others that waited`);
  t.true(beside < alone * 3 + 10, `${beside} ms beside a storm, ${alone} ms without`);
  const statuses = await Promise.all(answers);
  t.is(statuses.filter(status => status === 200).length, MANY / 2);
  t.is(statuses.filter(status => status === 503).length, MANY / 2);
});
