import type { z } from 'zod';
import type { jobMention } from '../accounts/schema.ts';
import type { JobStep } from '../steps/queries.ts';
import type { Job } from './queries.ts';
import type { jobAnswer, stepAnswer } from './schema.ts';

/** A step as it is answered. */
export function stepOut(step: JobStep): z.infer<typeof stepAnswer> {
  const { id, resource, why, state, startedAt, ms, error, help } = step;
  return { id, resource, why, state, startedAt, ms, ...(error ? { error } : {}), ...(help ? { help } : {}) };
}

/** A job as it is answered, with its steps. */
export function jobOut(job: Job, steps: JobStep[]): z.infer<typeof jobAnswer> {
  const { id, kind, title, account, subject, state, message, error, help, createdAt, startedAt, finishedAt } = job;
  const failure = { ...(error ? { error } : {}), ...(help ? { help } : {}) };
  return {
    id: String(id),
    kind,
    title,
    account,
    subject,
    state,
    message,
    ...failure,
    createdAt,
    startedAt,
    finishedAt,
    steps: steps.map(stepOut),
  };
}

/** A job as other answers mention it. */
export function mention(job: Job): z.infer<typeof jobMention> {
  return String(job.id);
}
