import { together } from '../db/pool.ts';
import { SYSTEM } from '../people/actor.ts';
import * as warned from '../warnings/queries.ts';
import { announce } from '../webhooks/actions.ts';
import { type UsageRow, usageRows } from './queries.ts';

const MB = 1_048_576;
const PERCENTS = [80, 100];
const MOST = 20_000;

/** One ceiling of a plan, and how much of it is used. */
export interface Meter {
  kind: 'disk' | 'files' | 'bandwidth';
  used: number;
  limit: number;
  /** Bandwidth is counted by the month; the others stand until they are below again. */
  month: string;
}

/** The ceilings of an account that are worth a warning. Pure. */
export function metersOf(row: UsageRow, month: string): Meter[] {
  const { limits } = row;
  if (!limits) return [];
  const all: Meter[] = [
    { kind: 'disk', used: row.diskBytes, limit: limits.diskMb * MB, month: '' },
    { kind: 'files', used: row.inodes, limit: limits.inodes, month: '' },
    { kind: 'bandwidth', used: row.monthBandwidthBytes, limit: limits.bandwidthMb * MB, month },
  ];
  return all.filter(meter => meter.limit > 0);
}

/** Tells webhooks, once each, of accounts that have come to 80 and to 100 percent of a ceiling. Nothing is cut off. */
export async function tellThresholds(month: string): Promise<void> {
  const before = await warned.allWarnings();
  for (const row of await usageRows(SYSTEM, { limit: MOST })) {
    const known = before.get(row.username) ?? new Set();
    for (const meter of metersOf(row, month)) {
      for (const percent of PERCENTS) {
        const key = `${meter.kind} ${percent} ${meter.month}`;
        const over = meter.used * 100 >= meter.limit * percent;
        if (over && !known.has(key)) await tell(row.username, meter, percent);
        if (!over && known.has(key) && meter.month === '') await warned.forget(row.username, meter.kind, percent);
      }
    }
  }
}

async function tell(account: string, { kind, used, limit, month }: Meter, percent: number): Promise<void> {
  await together(async () => {
    if (!(await warned.remember(account, kind, percent, month))) return;
    await announce('usage.threshold', { account, kind, percent, used, limit });
  });
}
