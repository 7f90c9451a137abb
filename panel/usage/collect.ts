import { usages } from '../hosts/client.ts';
import { hostsOf } from '../hosts/queries.ts';
import { SYSTEM } from '../people/actor.ts';
import { accountIdsOn, keepUsages, monthOf } from './queries.ts';
import { tellThresholds } from './thresholds.ts';

const EVERY_MS = 5 * 60 * 1000;
const FIRST_MS = 10_000;

/** Asks every host what its accounts have used, and keeps it. A host that is away is asked again the next time. */
export async function collectUsage(): Promise<void> {
  for (const host of await hostsOf(SYSTEM)) {
    const told = await usages(host).catch(() => ({}));
    const ids = await accountIdsOn(host.id);
    const rows = Object.entries(told).flatMap(([name, used]) => {
      const account = ids.get(name);
      return account === undefined ? [] : [{ ...used, account, slotSeconds: used.slotSeconds ?? 0 }];
    });
    await keepUsages(rows);
  }
  await tellThresholds(monthOf(new Date()));
}

/** Collects now and then, until it is stopped. */
export function startCollecting(): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;
  let stopped = false;
  const begin = () => {
    running = collectUsage()
      .catch(error => console.error('usage:', (error as Error).message))
      .finally(() => {
        if (!stopped) timer = setTimeout(begin, EVERY_MS);
      });
  };
  timer = setTimeout(begin, FIRST_MS);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
