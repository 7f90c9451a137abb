import { discard, type Instance, instanceSettings, startInstance } from '../journeys/instance.ts';
import type { Row } from './report.ts';

const HUNDRED = 100;

interface Made {
  /** From the request to the job's end, ms. */
  whole: number;
  /** The steps on the host, ms. */
  host: number;
}

async function open(berth: Instance, n: number): Promise<Made> {
  const began = performance.now();
  const made = await berth.api('POST', '/accounts', { username: `many${n}`, email: `many${n}@example.org`, plan: 'bench' });
  if (made.status !== 201) throw new Error(made.text);
  const { job } = made.json();
  for (;;) {
    const now = (await berth.api('GET', `/jobs/${job}`)).json();
    if (now.state === 'failed') throw new Error(now.error);
    if (now.state === 'done') {
      const steps = now.steps as { ms?: number | null }[];
      return { whole: performance.now() - began, host: steps.reduce((sum, step) => sum + (step.ms ?? 0), 0) };
    }
    await new Promise(go => setTimeout(go, 10));
  }
}

const middle = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Accounts without apps, made one after another through the API on a real host: whether the last hundred are slower than the first. */
export async function accountRows(count: number): Promise<Row[]> {
  const berth = await startInstance(await instanceSettings());
  try {
    await berth.api('POST', '/plans', { name: 'bench' });
    const made: Made[] = [];
    for (let n = 0; n < count; n++) {
      made.push(await open(berth, n));
      if (n % HUNDRED === HUNDRED - 1)
        console.log(`  ${n + 1} accounts, the last hundred in ${middle(made.slice(-HUNDRED).map(one => one.whole)).toFixed(0)} ms each`);
    }
    const [first, last] = [made.slice(0, HUNDRED), made.slice(-HUNDRED)].map(part => part.map(one => one.whole)) as [number[], number[]];
    const host = made.slice(-HUNDRED).map(one => one.host);
    return [
      { figure: `host work of one account, at ${count}`, unit: 'ms', berth: [middle(host)], goal: '≤ 40', met: (_, b) => b <= 40 },
      {
        ...{ figure: `one account, the last hundred of ${count} beside the first`, unit: 'ms', berth: [middle(last)] },
        ...{
          peer: { name: 'first hundred', values: [middle(first)] },
          ratio: 'berth/peer' as const,
          goal: '≤ 1.3',
          met: (r: number) => r <= 1.3,
        },
      },
    ];
  } finally {
    await berth.stop();
    await discard(berth.env);
  }
}
