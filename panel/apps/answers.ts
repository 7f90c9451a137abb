import type { z } from 'zod';
import type { SlotStatus } from '../../provisioning/slot/spec.ts';
import { mention } from '../jobs/answers.ts';
import { type Job, jobsByIds } from '../jobs/queries.ts';
import type { Actor } from '../people/actor.ts';
import type { appAnswer } from './schema.ts';
import type { App } from './state.ts';

type Answer = z.infer<typeof appAnswer>;

function slotOut(slot: SlotStatus): Answer['slots'][number] {
  const { name, process = 'web', role = 'web', state, reason, since, processes, memoryBytes, lastWakeMs, nextRun } = slot;
  // A host whose Berth is older tells less.
  const workers = (slot.workers ?? []).map(worker => ({ ...worker, since: new Date(worker.since) }));
  const times = { since: since ? new Date(since) : null, nextRun: nextRun ? new Date(nextRun) : null };
  return { name, process, role, state, reason, ...times, processes, memoryBytes, lastWakeMs, workers };
}

/** An app as it is answered, with the job to look at. */
export function appOut(app: App, job: Job | null): Answer {
  const {
    name,
    account,
    state,
    reason,
    deleting,
    url,
    hosts,
    mode,
    release,
    database,
    ownerUser,
    ownerEmail,
    loginUrl,
    createdAt,
    builtAt,
  } = app;
  const owner = ownerUser && loginUrl ? { user: ownerUser, email: ownerEmail ?? '', loginUrl } : null;
  const source = { type: 'recipe' as const, recipe: app.recipe, answers: app.answers };
  const { workers, threads, maxRequests, isolation } = app;
  const shown = {
    name,
    account,
    state,
    reason,
    deleting,
    url,
    domains: hosts,
    runtime: 'python' as const,
    mode,
    ...{ workers, threads, maxRequests, isolation },
    release,
    source,
    database,
  };
  return { ...shown, owner, slots: app.slots.map(slotOut), createdAt, builtAt, job: job && mention(job) };
}

/** Apps as they are answered, each with the job that builds it, for one more query. */
export async function appsOut(actor: Actor, apps: App[]): Promise<Answer[]> {
  const jobs = await jobsByIds(
    actor,
    apps.map(app => app.jobId),
  );
  const byId = new Map(jobs.map(job => [job.id, job]));
  return apps.map(app => appOut(app, byId.get(app.jobId) ?? null));
}
