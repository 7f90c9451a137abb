import type { Actor } from '../people/actor.ts';
import { type JobStep, outputAfter } from '../steps/queries.ts';
import type { Job } from './queries.ts';

/** How much output of a step a page brings along; the build log has the rest. */
const SHOWN = 20_000;

/** A job as its page shows it. */
export interface JobView extends Omit<Job, 'madeBy'> {
  by: string;
  app: string;
  live: boolean;
  fact: string;
  attempts: number;
  events: string;
  retry: string;
  back: string;
  backWords: string;
  steps: (JobStep & { output: string })[];
}

/** Where a job's pages are, for whoever looks. */
export function jobPath(actor: Actor, id: number): string {
  return `${actor.role === 'admin' ? '/admin/jobs' : '/activity'}/${id}`;
}

function wayBack(actor: Actor, job: Job): [string, string] {
  if (actor.role === 'admin')
    return job.kind === 'account-delete' && job.state === 'done'
      ? ['/admin/accounts', 'To the accounts']
      : [`/admin/accounts/${job.account}`, `To ${job.account}`];
  if (job.kind === 'app-delete') return ['/apps', 'To your apps'];
  if (job.kind.startsWith('app-') || job.kind === 'domain-add') return [`/apps/${job.subject}`, `To ${job.subject}`];
  if (job.kind === 'database-delete') return ['/databases', 'To your databases'];
  if (job.kind.startsWith('database-')) return [`/databases/${job.subject}`, `To ${job.subject}`];
  return ['/apps', 'To your apps'];
}

/** Puts a job and what its steps printed into the shape of its page. */
export async function jobView(actor: Actor, job: Job & { steps: JobStep[] }): Promise<JobView> {
  const printed = new Map<string, string>();
  for (const { id, text } of await outputAfter(job.id, 0, 1000)) printed.set(id, `${printed.get(id) ?? ''}${text}`.slice(-SHOWN));
  const path = jobPath(actor, job.id);
  const [back, backWords] = wayBack(actor, job);
  const told = job.steps.some(step => step.error && step.error === job.error);
  return {
    ...job,
    ...{ back, backWords, events: `${path}/events`, retry: `${path}/retry` },
    by: job.madeBy,
    app: job.kind.startsWith('app-') ? job.subject : '',
    live: job.state === 'queued' || job.state === 'running',
    // A step that failed says why by itself.
    error: told ? '' : job.error,
    help: told ? '' : job.help,
    fact: job.state === 'queued' ? job.message : '',
    attempts: job.attempt,
    steps: job.steps.map(step => ({ ...step, output: printed.get(step.id) ?? '' })),
  };
}
