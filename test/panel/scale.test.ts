import { performance } from 'node:perf_hooks';
import { change, one } from '../../panel/db/pool.ts';
import { keepUsages } from '../../panel/usage/queries.ts';
import { onStage } from './panel.ts';
import { whm } from './whm/talk.ts';

const { it, stage } = onStage();
const ACCOUNTS = 10_000;

/** Ten thousand accounts as rows: what lists cost is the matter here, not how accounts are made. */
async function fill(): Promise<void> {
  await stage().api('POST', '/plans', { name: 'small' });
  const plan = (await one<{ id: number }>(`SELECT id FROM plans WHERE name = 'small'`))!.id;
  const host = (await one<{ id: number }>('SELECT id FROM hosts LIMIT 1'))!.id;
  for (let from = 0; from < ACCOUNTS; from += 500) {
    const numbers = Array.from({ length: 500 }, (_, at) => from + at);
    const rows = numbers.flatMap(n => [1000 + n, `many${n}`, 300_000 + n, `many${n}@example.org`, plan, host]);
    const marks = numbers.map(() => `(?, ?, ?, ?, ?, ?, 'active', 1)`).join(', ');
    await change(`INSERT INTO accounts (id, username, uid, email, plan_id, host_id, state, generation) VALUES ${marks}`, rows);
    const domains = numbers.flatMap(n => [1000 + n, `many${n}.example.org`, `org.example.many${n}.`]);
    await change(`INSERT INTO domains (account_id, name, mirrored, given) VALUES ${numbers.map(() => '(?, ?, ?, 0)').join(', ')}`, domains);
  }
  const used = {
    diskBytes: 5e6,
    inodes: 90,
    cpuSeconds: 3.5,
    memoryPeakBytes: 6e7,
    requests: 50,
    bandwidthBytes: 7e6,
    slotSeconds: 60,
    measured: true,
  };
  await keepUsages(Array.from({ length: ACCOUNTS }, (_, n) => ({ account: 1000 + n, ...used })));
}

async function median(ask: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    await ask();
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b)[2]!;
}

it('lists of ten thousand accounts come quickly', async t => {
  t.timeout(120_000);
  await fill();
  const listed = await whm(stage().whmPort(), '/json-api/listaccts?api.version=1');
  t.is(listed.json.data.acct.length, ACCOUNTS);
  t.like(listed.json.data.acct[0], { user: 'many0', domain: 'many0.example.org', diskused: '5M' });
  const all = await stage().api('GET', '/usage?limit=10000');
  t.is(all.json.items.length, ACCOUNTS);
  const figures = {
    listaccts: await median(() => whm(stage().whmPort(), '/json-api/listaccts?api.version=1')),
    showbw: await median(() => whm(stage().whmPort(), '/json-api/showbw')),
    usage: await median(() => stage().api('GET', '/usage?limit=10000')),
    page: await median(() => stage().api('GET', '/accounts?limit=200')),
    search: await median(() => stage().api('GET', '/accounts?search=many99')),
  };
  t.log(Object.entries(figures).map(([name, ms]) => `${name} ${ms.toFixed(0)} ms`));
  // The goal is 300 ms on a quiet machine (npm run bench tells the figures); a busy one must not fail for it.
  for (const [name, ms] of Object.entries(figures)) t.true(ms < 1500, `${name} took ${ms} ms`);
});
