import { z } from 'zod';
import { jobMention } from '../accounts/schema.ts';
import { nextLink, pageOf } from '../middleware/paging.ts';
import { api, type Route } from '../middleware/route.ts';
import { jobOf, jobsOf, retryJob } from './actions.ts';
import { jobOut, mention } from './answers.ts';
import { followJob } from './follow.ts';
import { jobAnswer, jobsQuery } from './schema.ts';

const PATH = '/api/v1/jobs';
const listed = jobAnswer.omit({ steps: true });

/** Jobs over REST. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: PATH,
    policy: { scope: 'jobs:read' },
    summary: 'Lists jobs, newest first',
    query: jobsQuery,
    answer: pageOf(listed),
    async run({ ctx, actor, query }) {
      const { jobs, next } = await jobsOf(actor, query);
      return { items: jobs.map(job => listed.parse(jobOut(job, []))), next: nextLink(ctx, next) };
    },
  }),
  api({
    method: 'GET',
    path: `${PATH}/:id`,
    policy: { scope: 'jobs:read' },
    summary: 'Shows a job with its steps',
    answer: jobAnswer,
    async run({ actor, params }) {
      const job = await jobOf(actor, Number(params.id));
      return jobOut(job, job.steps);
    },
  }),
  api({
    method: 'GET',
    path: `${PATH}/:id/events`,
    policy: { scope: 'jobs:read' },
    summary: 'Follows a job as server-sent events: step, output, job',
    async run({ ctx, actor, params }) {
      await followJob(ctx, actor, Number(params.id));
    },
  }),
  api({
    method: 'POST',
    path: `${PATH}/:id/retry`,
    policy: { scope: 'jobs:write' },
    summary: 'Tries a failed job again; steps that are done stay done',
    answer: z.object({ job: jobMention }),
    status: 202,
    run: async ({ actor, params }) => ({ job: mention(await retryJob(actor, Number(params.id))) }),
  }),
];
