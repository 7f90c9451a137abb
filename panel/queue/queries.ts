import { change, duplicateKey, one, together } from '../db/pool.ts';
import type { JobKind } from '../jobs/queries.ts';

/** A job that this worker holds, as long as its lease lasts. */
export interface Claim {
  id: number;
  kind: JobKind;
  accountId: number;
  subject: string;
  attempt: number;
  fence: number;
  worker: string;
}

/** A worker that says nothing for so long has died. Only the database's clock counts. */
const LEASE_SECONDS = 20;

/** Takes the next job: the oldest of each account, one at a time per account, suspensions and deletions first. */
export async function claimNext(worker: string, urgentOnly = false): Promise<Claim | null> {
  try {
    return await together(async () => {
      const next = await one<Omit<Claim, 'worker'>>(
        `SELECT j.id, j.kind, j.account_id AS accountId, j.subject, j.attempt + 1 AS attempt, j.fence + 1 AS fence FROM jobs j
         WHERE j.state = 'queued' AND j.run_after <= NOW(3)
           AND NOT EXISTS (SELECT 1 FROM jobs r WHERE r.running_account = j.account_id)
           AND NOT EXISTS (SELECT 1 FROM jobs o WHERE o.account_id = j.account_id AND o.state = 'queued' AND o.id < j.id)
           AND (? = 0 OR j.kind IN ('account-suspend', 'account-delete'))
         ORDER BY j.kind IN ('account-suspend', 'account-delete') DESC, j.id LIMIT 1 FOR UPDATE SKIP LOCKED`,
        [urgentOnly ? 1 : 0],
      );
      if (!next) return null;
      const taken = await change(
        `UPDATE jobs SET state = 'running', running_account = account_id, worker = ?, fence = fence + 1, attempt = attempt + 1, message = '',
           started_at = COALESCE(started_at, NOW(3)), lease_until = NOW(3) + INTERVAL ${LEASE_SECONDS} SECOND WHERE id = ? AND state = 'queued'`,
        [worker, next.id],
      );
      return taken.rows === 1 ? { ...next, worker } : null;
    });
  } catch (error) {
    // Another worker took a job of the same account at the same moment.
    if (duplicateKey(error) === 'job_running') return null;
    throw error;
  }
}

const HELD = `id = ? AND worker = ? AND fence = ? AND state = 'running'`;
const held = (claim: Claim): [number, string, number] => [claim.id, claim.worker, claim.fence];

/** Renews the lease; false when somebody else has the job by now. */
export async function renew(claim: Claim): Promise<boolean> {
  return (await change(`UPDATE jobs SET lease_until = NOW(3) + INTERVAL ${LEASE_SECONDS} SECOND WHERE ${HELD}`, held(claim))).rows === 1;
}

/** Ends the job; false when a late finisher no longer holds it, and then nothing it wanted may be written. */
export async function finish(claim: Claim, state: 'done' | 'failed', error = '', help = ''): Promise<boolean> {
  const sql = `UPDATE jobs SET state = ?, error = ?, help = ?, message = '', running_account = NULL, worker = NULL, lease_until = NULL, finished_at = NOW(3) WHERE ${HELD}`;
  return (await change(sql, [state, error.slice(0, 2000), help.slice(0, 1000), ...held(claim)])).rows === 1;
}

/** Puts the job back: it is tried again after so many seconds, and says why it waits. */
export async function putBack(claim: Claim, seconds: number, message: string): Promise<void> {
  await change(
    `UPDATE jobs SET state = 'queued', running_account = NULL, worker = NULL, lease_until = NULL, message = ?, run_after = NOW(3) + INTERVAL ? SECOND WHERE ${HELD}`,
    [message.slice(0, 500), seconds, ...held(claim)],
  );
}

/** Frees the jobs of workers that have died, and at the start of a panel those of the one that stood in its place. */
export async function freeDead(place: string | null): Promise<void> {
  const reset = `UPDATE jobs SET state = 'queued', running_account = NULL, worker = NULL, lease_until = NULL, run_after = NOW(3) WHERE state = 'running'`;
  await change(`${reset} AND lease_until < NOW(3)`);
  if (!place) return;
  await change(`${reset} AND worker LIKE ?`, [`${place.replace(/[\\%_]/g, '\\$&')}:%`]);
  // What waited for a host need not wait on: it may well be back with us.
  await change(`UPDATE jobs SET run_after = NOW(3) WHERE state = 'queued'`);
}
