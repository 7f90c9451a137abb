import { catalog } from '../../provisioning/catalog/recipe.ts';
import type { Account } from '../accounts/queries.ts';
import { jobOf, jobsOf } from '../jobs/actions.ts';
import { jobView } from '../jobs/view.ts';
import { recentLines } from '../logs/read.ts';
import { attempt, type Fault, ownAccount, render, standing } from '../middleware/page.ts';
import { type Ctx, page, type Route } from '../middleware/route.ts';
import type { Actor } from '../people/actor.ts';
import { resourcesOf } from '../resources/actions.ts';
import { diskMet, type Met, metOf } from '../resources/met.ts';
import { heldBy } from '../usage/queries.ts';
import { type App, appsOf, ownerSecretOnce, restartApp, startApp, stopApp } from './actions.ts';
import { add, preview, showAdd, showDoors, whyNoApp } from './adding.ts';
import { changeDomains, removeApp, saveEnv, saveKept, showRemove, showSettings } from './setting.ts';
import { appPage, appView } from './view.ts';

/** A job that ended so long ago is no news on its app's page. */
const NEWS_MS = 120_000;

async function list(ctx: Ctx, actor: Actor): Promise<void> {
  const account = await ownAccount(actor);
  const apps = await appsOf(actor, account.username);
  const whyNot = whyNoApp(account);
  render(ctx, 'apps/list', {
    title: 'Apps',
    here: 'apps',
    ...standing(account),
    apps: apps.map(app => appView(app, account)),
    limit: account.limits?.apps ?? 0,
    canAdd: !whyNot,
    whyNot,
    recipes: catalog(),
  });
}

/** The job that an app's page tells of: the one that runs, the one that failed to build it, or one that has just ended. */
async function newsOf(actor: Actor, app: App): Promise<object | null> {
  const [latest] = (await jobsOf(actor, { account: app.account, subject: app.name, limit: 1 })).jobs;
  const id = app.builtAt === null ? app.jobId : latest?.id;
  if (!id) return null;
  const job = await jobOf(actor, id);
  const live = job.state === 'queued' || job.state === 'running';
  const fresh = job.finishedAt !== null && Date.now() - job.finishedAt.getTime() < NEWS_MS;
  if (!live && app.builtAt !== null && !fresh) return null;
  const view = await jobView(actor, job);
  const built = job.state === 'done' && job.kind === 'app-create';
  return {
    ...view,
    back: '',
    folded: job.state === 'done',
    open: built ? app.url : '',
    owner: built && app.ownerWaits ? `/apps/${app.name}/owner` : '',
  };
}

/** The limits an app met in a day; none when its host does not answer, which the page says elsewhere. */
async function metLately(actor: Actor, account: Account, app: string): Promise<Met[]> {
  const series = await resourcesOf(actor, account.username, app, '24h').catch(() => null);
  const held = diskMet(await heldBy(account.id), account.limits);
  return [...(series ? metOf(series, account.limits, 'in the last 24 hours') : []), ...held];
}

async function overview(ctx: Ctx, actor: Actor, fault?: Fault): Promise<void> {
  const { account, app, locals } = await appPage(ctx, actor, 'overview');
  const building = app.builtAt === null;
  const [job, log, met] = await Promise.all([
    newsOf(actor, app),
    building ? null : recentLines(actor, account.username, app.name, { stream: 'all', level: '', q: '' }, 60),
    building ? [] : metLately(actor, account, app.name),
  ]);
  const owner = app.ownerWaits && !(job && 'owner' in job && job.owner);
  render(ctx, 'apps/overview', { ...locals, job, log, building, owner, met, ...fault });
}

async function owner(ctx: Ctx, actor: Actor): Promise<void> {
  const { app, locals } = await appPage(ctx, actor, 'overview');
  const secret = await ownerSecretOnce(actor, app.account, app.name);
  render(ctx, 'apps/owner', {
    ...locals,
    title: 'Owner’s sign-in',
    owner: secret && { user: secret.user, password: secret.password, url: secret.loginUrl },
  });
}

/** An errand of one press: done, and back to the app, where its job is seen. */
function errand(path: string, act: (actor: Actor, account: string, app: string) => Promise<unknown>): Route {
  return page({
    method: 'POST',
    path: `/apps/:name/${path}`,
    policy: 'customer',
    async run(ctx, actor) {
      const name = String(ctx.params.name);
      await attempt(
        ctx,
        async () => {
          await act(actor, actor.account ?? '', name);
          ctx.redirect(`/apps/${name}`);
        },
        fault => overview(ctx, actor, fault),
      );
    },
  });
}

const get = (path: string, run: (ctx: Ctx, actor: Actor) => unknown): Route => page({ method: 'GET', path, policy: 'customer', run });
const post = (path: string, run: (ctx: Ctx, actor: Actor) => unknown): Route => page({ method: 'POST', path, policy: 'customer', run });

/** A customer's apps. */
export const routes: Route[] = [
  get('/apps', list),
  get('/add', showDoors),
  get('/add/:recipe', showAdd),
  post('/add/:recipe', add),
  post('/add/:recipe/preview', preview),
  get('/apps/:name', (ctx, actor) => overview(ctx, actor)),
  get('/apps/:name/settings', (ctx, actor) => showSettings(ctx, actor)),
  get('/apps/:name/delete', (ctx, actor) => showRemove(ctx, actor)),
  post('/apps/:name/delete', removeApp),
  post('/apps/:name/env', saveEnv),
  post('/apps/:name/mode', saveKept),
  post('/apps/:name/domains', (ctx, actor) => changeDomains(ctx, actor, 'add')),
  post('/apps/:name/domains/delete', (ctx, actor) => changeDomains(ctx, actor, 'delete')),
  post('/apps/:name/owner', owner),
  errand('restart', restartApp),
  errand('stop', stopApp),
  errand('start', startApp),
];
