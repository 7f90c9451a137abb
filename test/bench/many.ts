import { setTimeout as pause } from 'node:timers/promises';
import type { Berth } from './berth.ts';
import { firstByte } from './client.ts';
import type { Row } from './report.ts';
import { rotated, type Stage, turn } from './stage.ts';

const TEN = 10;

/** Writes the specs of many slots, spread over the users, to be taken up when slotd starts. */
export function register(stage: Stage, berth: Berth, count: number): void {
  for (let n = 0; n < count; n++) berth.write(turn(stage, n), { app: `s${n}`, kind: 'django', stack: 'django-5.2', idle: 1 });
}

async function wake(stage: Stage, berth: Berth, n: number): Promise<number> {
  const user = turn(stage, n);
  await berth.asleep(user);
  return firstByte({ host: '127.0.0.1', port: stage.ground.port }, `s${n}-${user.n}.${berth.id}`);
}

/** From nothing but an account: the spec is written, slotd takes it up, the site's name is made, and the first answer comes. */
async function fresh(stage: Stage, berth: Berth, round: number): Promise<number> {
  const user = turn(stage, round + TEN);
  await berth.asleep(user);
  const began = process.hrtime.bigint();
  const app = `new${round}`;
  const host = berth.write(user, { app, kind: 'django', stack: 'django-5.2', idle: 1 });
  await berth.load(user, app);
  await firstByte({ host: '127.0.0.1', port: stage.ground.port }, host);
  return Number(process.hrtime.bigint() - began) / 1e6;
}

/** Rows 8 and 9: whether thousands of neighbours are noticed. */
export async function neighbours(stage: Stage): Promise<Row[]> {
  const { few, many, effort } = stage;
  const found = { wake: { few: [] as number[], many: [] as number[] }, fresh: { few: [] as number[], many: [] as number[] } };
  for (const berth of [few, many]) for (let n = 0; n < TEN; n++) await wake(stage, berth, n);
  for (let round = 0; round < effort.registered; round++) {
    for (const berth of rotated([few, many], round)) {
      const key = berth === few ? 'few' : 'many';
      found.wake[key].push(await wake(stage, berth, round % TEN));
      await pause(100);
      found.fresh[key].push(await fresh(stage, berth, round));
      await pause(100);
    }
  }
  const name = 'with 10';
  const wakes = { berth: found.wake.many, peer: { name, values: found.wake.few }, ratio: 'berth/peer' as const };
  const news = { berth: found.fresh.many, peer: { name, values: found.fresh.few }, ratio: 'berth/peer' as const };
  return [
    { figure: `wake with ${effort.slots} slots registered`, unit: 'ms', ...wakes, goal: '≤ 1.1', met: r => r <= 1.1 },
    {
      figure: `new spec to first answer, ${effort.slots} slots`,
      unit: 'ms',
      ...news,
      goal: '≤ 50 ms, same',
      met: (r, b) => b <= 50 && r <= 1.1,
    },
  ];
}
