import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused } from '../../provisioning/errors.ts';
import * as accounts from '../accounts/queries.ts';
import * as apps from '../apps/queries.ts';
import { note } from '../audit/actions.ts';
import { afterCommit, together } from '../db/pool.ts';
import { notFound } from '../middleware/errors.ts';
import { type Actor, SYSTEM, signature } from '../people/actor.ts';
import { randomPassword } from '../people/secrets.ts';
import { type JobStep, stepsOf } from '../steps/queries.ts';
import * as queries from './queries.ts';
import type { JobsQuery } from './schema.ts';

export type { Job, JobKind } from './queries.ts';

/** Rings when there is work; the worker in this process need not wait for its next look. */
export const bell = new EventEmitter();

/** What is to be done, in a sentence. */
export interface Order {
  kind: queries.JobKind;
  subject?: string;
  title: string;
}

/** Adds a job for an account, in the caller's transaction. */
export async function enqueue(actor: Actor, account: number, work: Order): Promise<queries.Job> {
  const id = await queries.insertJob({ ...work, subject: work.subject ?? '', accountId: account, madeBy: signature(actor).slice(0, 190) });
  afterCommit(() => bell.emit('ring'));
  return (await queries.jobOf(SYSTEM, id))!;
}

/** Raises the account's generation and adds the job that delivers it, in the caller's transaction. */
export async function order(actor: Actor, account: number, work: Order): Promise<queries.Job> {
  await accounts.raiseGeneration(account);
  return enqueue(actor, account, work);
}

/** A job with its steps. Throws Refused 404. */
export async function jobOf(actor: Actor, id: number): Promise<queries.Job & { steps: JobStep[] }> {
  const job = Number.isSafeInteger(id) && id > 0 ? await queries.jobOf(actor, id) : null;
  if (!job) throw notFound('job');
  return { ...job, steps: await stepsOf(job.id) };
}

/** Waits until a job has ended, at most so long; answers it as it then is. */
export async function waitFor(actor: Actor, id: number, ms: number): Promise<queries.Job> {
  for (const until = performance.now() + ms; ; await sleep(40)) {
    const job = await queries.jobOf(actor, id);
    if (!job) throw notFound('job');
    if (job.state === 'done' || job.state === 'failed' || performance.now() > until) return job;
  }
}

/** A page of the jobs the actor may see, newest first, and the id to go on from. */
export async function jobsOf(actor: Actor, query: JobsQuery = {}): Promise<{ jobs: queries.Job[]; next: number | null }> {
  const limit = Number(query.limit ?? 50);
  const jobs = await queries.jobsOf(actor, {
    ...query,
    after: query.after === undefined ? undefined : Number(query.after),
    limit: limit + 1,
  });
  const shown = jobs.slice(0, limit);
  return { jobs: shown, next: jobs.length > limit ? shown.at(-1)!.id : null };
}

/** The newest jobs the actor may see; of one account or of all. */
export async function recentJobs(actor: Actor, limit = 10, account?: string): Promise<queries.Job[]> {
  return (await jobsOf(actor, { limit, account })).jobs;
}

/** Tries a failed job again: what was done stays done. */
export async function retryJob(actor: Actor, id: number): Promise<queries.Job> {
  const job = await jobOf(actor, id);
  const account = await accounts.accountById(actor, job.accountId);
  if (!account || account.stage === 'terminated' || (account.stage === 'terminating' && job.kind !== 'account-delete')) {
    throw new Refused('account-gone', 'The account of this job is gone or on its way out.', 'There is nothing left to try.', {
      status: 409,
    });
  }
  if (account.suspended && actor.role === 'customer') {
    throw new Refused('account-suspended', 'The account is suspended.', 'Ask your hoster to lift it.', { status: 409 });
  }
  return together(async () => {
    if (!(await queries.requeueFailed(id))) {
      throw new Refused('not-failed', `This job is ${job.state}, only a failed one can be tried again.`, 'Wait for it to end.', {
        status: 409,
      });
    }
    await accounts.raiseGeneration(job.accountId);
    if (job.kind === 'account-create') await accounts.setStage(job.accountId, 'building', ['failed']);
    await apps.rebuildFailed(job.accountId, id);
    for (const app of await apps.ownersWithoutPassword(job.accountId)) await apps.setOwnerPassword(app.id, randomPassword(20));
    await note(actor, { action: 'job-retry', account: job.account, subject: String(id) });
    afterCommit(() => bell.emit('ring'));
    return (await queries.jobOf(actor, id))!;
  });
}
