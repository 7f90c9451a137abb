import type { z } from 'zod';
import { mention } from '../jobs/answers.ts';
import { type Job, jobsByIds } from '../jobs/queries.ts';
import type { Actor } from '../people/actor.ts';
import type { Account } from './queries.ts';
import type { accountAnswer } from './schema.ts';

type Answer = z.infer<typeof accountAnswer>;

/** An account as it is answered, with the job to look at. */
export function accountOut(account: Account, job: Job | null): Answer {
  const { username, email, state, reason, plan, host, domain, uid, externalId, apps, databases, createdAt, terminatedAt } = account;
  const rest = { externalId, apps, databases, createdAt, terminatedAt, job: job && mention(job) };
  return { username, email, state, reason, plan, host, domain, uid, ...rest };
}

/** Accounts as they are answered, each with its newest job, for one more query. */
export async function accountsOut(actor: Actor, accounts: Account[]): Promise<Answer[]> {
  const jobs = await jobsByIds(
    actor,
    accounts.flatMap(account => account.jobId ?? []),
  );
  const byId = new Map(jobs.map(job => [job.id, job]));
  return accounts.map(account => accountOut(account, byId.get(account.jobId ?? 0) ?? null));
}
