import { z } from 'zod';
import { idPageQuery } from '../middleware/paging.ts';

/** The states of a job and of a step. */
export const jobState = z.enum(['queued', 'running', 'done', 'failed']);

/** One step of a job as it is answered. */
export const stepAnswer = z.object({
  id: z.string(),
  resource: z.string(),
  why: z.string(),
  state: jobState,
  startedAt: z.date().nullable(),
  ms: z.int().nullable(),
  error: z.string().optional(),
  help: z.string().optional(),
});

/** A job as it is answered. `message` says what it waits for. */
export const jobAnswer = z.object({
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  account: z.string(),
  subject: z.string(),
  state: jobState,
  message: z.string(),
  error: z.string().optional(),
  help: z.string().optional(),
  createdAt: z.date(),
  startedAt: z.date().nullable(),
  finishedAt: z.date().nullable(),
  steps: z.array(stepAnswer),
});

/** What a list of jobs may be narrowed to; newest first, `after` is the id to go on from. */
export const jobsQuery = idPageQuery.extend({
  state: jobState.optional(),
  account: z.string().max(16).optional(),
  subject: z.string().max(64).optional(),
});
export type JobsQuery = z.input<typeof jobsQuery>;
