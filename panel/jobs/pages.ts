import { appOf } from '../apps/actions.ts';
import { attempt, ownAccount, render, standing } from '../middleware/page.ts';
import { nextLink } from '../middleware/paging.ts';
import { type Ctx, type Policy, page, type Route } from '../middleware/route.ts';
import type { Actor } from '../people/actor.ts';
import { jobOf, jobsOf, retryJob } from './actions.ts';
import { followJob } from './follow.ts';
import { jobState } from './schema.ts';
import { type JobView, jobPath, jobView } from './view.ts';

async function around(actor: Actor): Promise<object> {
  return actor.role === 'admin' ? { here: 'jobs' } : { here: 'activity', ...standing(await ownAccount(actor)) };
}

async function list(ctx: Ctx, actor: Actor): Promise<void> {
  const text = (key: string) => (typeof ctx.query[key] === 'string' ? String(ctx.query[key]).slice(0, 64) : '');
  const state = jobState.safeParse(text('state')).data;
  const account = actor.role === 'admin' ? text('account') : '';
  const after = /^\d{1,15}$/.test(text('after')) ? Number(text('after')) : undefined;
  const { jobs, next } = await jobsOf(actor, { state, account: account || undefined, after, limit: 50 });
  render(ctx, 'jobs/list', {
    title: actor.role === 'admin' ? 'Jobs' : 'Activity',
    ...(await around(actor)),
    jobs: jobs.map(job => ({ ...job, by: job.madeBy, fact: job.state === 'failed' ? job.error : job.message })),
    next: nextLink(ctx, next),
    filter: { state: state ?? '', account },
    filtered: Boolean(state || account),
  });
}

/** Where a build that is done leads: to the site, and to its owner's sign-in while that waits to be shown. */
async function onward(actor: Actor, job: JobView): Promise<{ open?: string; owner?: string }> {
  if (job.kind !== 'app-create' || job.state !== 'done' || actor.role !== 'customer') return {};
  const app = await appOf(actor, job.account, job.subject).catch(() => null);
  return app ? { open: app.url, owner: app.ownerWaits ? `/apps/${app.name}/owner` : '' } : {};
}

async function show(ctx: Ctx, actor: Actor, more: object = {}): Promise<void> {
  const known = await jobView(actor, await jobOf(actor, Number(ctx.params.id)));
  const job = { ...known, ...(await onward(actor, known)) };
  const above = actor.role === 'admin' ? ['Jobs', '/admin/jobs'] : ['Activity', '/activity'];
  render(ctx, 'jobs/job', { title: job.title, ...(await around(actor)), job, crumbs: [above, [job.title, null]], ...more });
}

async function retry(ctx: Ctx, actor: Actor): Promise<void> {
  await attempt(
    ctx,
    async () => {
      const job = await retryJob(actor, Number(ctx.params.id));
      ctx.redirect(jobPath(actor, job.id));
    },
    fault => show(ctx, actor, fault),
  );
}

function both(path: string, policy: Policy): Route[] {
  return [
    page({ method: 'GET', path, policy, run: list }),
    page({ method: 'GET', path: `${path}/:id`, policy, run: (ctx, actor) => show(ctx, actor) }),
    page({ method: 'GET', path: `${path}/:id/events`, policy, run: (ctx, actor) => followJob(ctx, actor, Number(ctx.params.id)) }),
    page({ method: 'POST', path: `${path}/:id/retry`, policy, run: retry }),
  ];
}

/** Jobs: all of them for the hoster, the account's own as its activity. */
export const routes: Route[] = [...both('/activity', 'customer'), ...both('/admin/jobs', 'admin')];
