import { z } from 'zod';
import * as apps from '../apps/actions.ts';
import { appView } from '../apps/view.ts';
import * as hosts from '../hosts/queries.ts';
import { recentJobs } from '../jobs/actions.ts';
import { attempt, type Fault, filled, form, render } from '../middleware/page.ts';
import { nextLink } from '../middleware/paging.ts';
import { type Ctx, page, type Route } from '../middleware/route.ts';
import { parse } from '../middleware/validate.ts';
import { accountSaid } from '../middleware/words.ts';
import { makeLoginLink } from '../people/actions.ts';
import type { Actor } from '../people/actor.ts';
import { beginLook } from '../people/look.ts';
import { plansOf } from '../plans/queries.ts';
import { planName } from '../plans/schema.ts';
import {
  accountOf,
  changePlan,
  deleteAccount,
  listAccounts,
  liveAccount,
  openAccount,
  suspendAccount,
  unsuspendAccount,
} from './actions.ts';
import { previewDeletion } from './preview.ts';
import { accountCounts } from './queries.ts';
import { accountState, newAccount, suspension } from './schema.ts';
import { usageRows } from './usage.ts';

const names = async (actor: Actor) => (await plansOf(actor, { limit: 500 })).map(plan => plan.name);
const called = (ctx: Ctx) => String(ctx.params.username);

async function list(ctx: Ctx, actor: Actor): Promise<void> {
  const text = (key: string) => (typeof ctx.query[key] === 'string' ? String(ctx.query[key]).trim().slice(0, 100) : '');
  const filter = {
    q: text('q'),
    state: accountState.safeParse(text('state')).data ?? ('' as const),
    plan: planName.safeParse(text('plan')).data ?? '',
  };
  const { q, state, plan } = filter;
  const search = {
    search: q || undefined,
    state: state === '' ? undefined : state,
    plan: plan || undefined,
    after: text('after') || undefined,
  };
  const [{ accounts, next }, counts, plans] = await Promise.all([listAccounts(actor, search), accountCounts(actor), names(actor)]);
  const views = accounts.map(account => ({ ...account, said: accountSaid(account.state, account.reason) }));
  const total = Object.entries(counts).reduce((sum, [state, count]) => (state === 'terminated' ? sum : sum + Number(count)), 0);
  render(ctx, 'accounts/list', {
    title: 'Accounts',
    here: 'accounts',
    accounts: views,
    total,
    plans,
    filter,
    filtered: Boolean(q || state || plan),
    next: nextLink(ctx, next),
  });
}

async function showOpen(ctx: Ctx, actor: Actor, fault?: Fault): Promise<void> {
  const openDetails = Object.keys(fault?.errors ?? {}).some(field => /^(password|host|externalId)/.test(field));
  const hostNames = (await hosts.hostsOf(actor)).map(host => host.name);
  render(ctx, 'accounts/new', {
    title: 'Open an account',
    here: 'accounts',
    plans: await names(actor),
    hosts: hostNames,
    openDetails,
    ...fault,
  });
}

async function show(ctx: Ctx, actor: Actor, more: Partial<Fault> & { link?: string } = {}): Promise<void> {
  const account = await accountOf(actor, called(ctx));
  const [own, jobs, plans, usage] = await Promise.all([
    apps.appsOf(actor, account.username),
    recentJobs(actor, 8, account.username),
    names(actor),
    usageRows(actor, account),
  ]);
  const { link = null, ...fault } = more;
  render(ctx, 'accounts/account', {
    title: account.username,
    here: 'accounts',
    account: { ...account, said: accountSaid(account.state, account.reason) },
    apps: own.map(app => appView(app, account)),
    jobs: jobs.map(job => ({ ...job, by: job.madeBy, fact: job.state === 'failed' ? job.error : job.message })),
    ...{ plans, link, usage: usage.rows, usageSince: usage.since },
    ...fault,
  });
}

async function showRemove(ctx: Ctx, actor: Actor, fault?: Fault): Promise<void> {
  const account = await liveAccount(actor, called(ctx));
  let planProblem = '';
  const plan = await previewDeletion(actor, account.username).catch(() => {
    planProblem = 'The host does not answer, so the list cannot be shown now. Deleting waits until it does.';
    return [];
  });
  render(ctx, 'accounts/remove', {
    title: `Delete ${account.username}`,
    here: 'accounts',
    account,
    plan: plan.map(why => ({ why })),
    planProblem,
    ...fault,
    values: {},
  });
}

/** An errand on an account's page that makes a job, which is shown next. */
function errand(
  path: string,
  act: (ctx: Ctx, actor: Actor) => Promise<{ id: number } | null>,
  again = show as (ctx: Ctx, actor: Actor, fault: Fault) => unknown,
): Route {
  return page({
    method: 'POST',
    path: `/admin/accounts/:username/${path}`,
    policy: 'admin',
    async run(ctx, actor) {
      await attempt(
        ctx,
        async () => {
          const job = await act(ctx, actor);
          ctx.redirect(job ? `/admin/jobs/${job.id}` : `/admin/accounts/${called(ctx)}`);
        },
        fault => again(ctx, actor, fault),
      );
    },
  });
}

async function open(ctx: Ctx, actor: Actor): Promise<void> {
  await attempt(
    ctx,
    async () => {
      const { job } = await openAccount(actor, parse(newAccount, filled(form(ctx))));
      ctx.redirect(`/admin/jobs/${job.id}`);
    },
    fault => showOpen(ctx, actor, fault),
  );
}

const get = (path: string, run: (ctx: Ctx, actor: Actor) => unknown): Route => page({ method: 'GET', path, policy: 'admin', run });
const post = (path: string, run: (ctx: Ctx, actor: Actor) => unknown): Route => page({ method: 'POST', path, policy: 'admin', run });

/** Accounts, for the hoster. */
export const routes: Route[] = [
  get('/admin/accounts', list),
  get('/admin/open-account', (ctx, actor) => showOpen(ctx, actor)),
  post('/admin/accounts', open),
  get('/admin/accounts/:username', (ctx, actor) => show(ctx, actor)),
  get('/admin/accounts/:username/delete', (ctx, actor) => showRemove(ctx, actor)),
  errand('delete', (ctx, actor) => deleteAccount(actor, called(ctx), form(ctx).confirm), showRemove),
  errand('suspend', (ctx, actor) => suspendAccount(actor, called(ctx), parse(suspension, { reason: form(ctx).reason }).reason)),
  errand('unsuspend', (ctx, actor) => unsuspendAccount(actor, called(ctx))),
  errand('plan', (ctx, actor) => changePlan(actor, called(ctx), parse(z.strictObject({ plan: planName }), form(ctx)).plan)),
  post('/admin/accounts/:username/link', async (ctx, actor) => {
    const { url } = await makeLoginLink({ ...actor, kind: 'token' }, await liveAccount(actor, called(ctx)));
    await show(ctx, actor, { link: url });
  }),
  post('/admin/accounts/:username/look', async (ctx, actor) => beginLook(ctx, actor, await liveAccount(actor, called(ctx)))),
];
