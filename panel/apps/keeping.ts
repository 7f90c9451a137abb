import { Refused } from '../../provisioning/errors.ts';
import type { Account } from '../accounts/queries.ts';
import type { Kept } from './queries.ts';

/** What an app needs beside its own processes: one to come while another goes, and what it may start itself. */
const BESIDE = 2;

/** Throws Refused when an account's plan does not allow an app to be kept like this. */
export function mustFit(kept: Kept, account: Account): void {
  const limits = account.limits;
  if (!limits) return;
  const { workers, threads } = kept;
  for (const [field, wanted, most, what] of [
    ['workers', workers, limits.workers, workers === 1 ? 'process' : 'processes'],
    ['threads', threads, limits.threads, threads === 1 ? 'thread' : 'threads'],
  ] as const) {
    if (wanted <= most) continue;
    const sentence = `${wanted} ${what} are more than the ${most} that this plan allows for one app.`;
    throw new Refused(`limit-${field}`, sentence, `Use ${most} or fewer, or choose a larger plan.`, {
      fields: [{ field, message: `use ${most} or fewer` }],
    });
  }
  const needed = workers * threads + BESIDE;
  if (needed <= limits.processes) return;
  throw new Refused(
    'limit-processes',
    `${workers} × ${threads} processes and threads, and ${BESIDE} beside them, are more than the ${limits.processes} that this plan allows.`,
    'Use fewer processes or fewer threads, or choose a larger plan.',
    { fields: [{ field: threads > 1 ? 'threads' : 'workers', message: `together they may be ${limits.processes - BESIDE} at most` }] },
  );
}
