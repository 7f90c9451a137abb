import { note } from '../audit/actions.ts';
import { attempt, type Fault, form, ownAccount, render, standing } from '../middleware/page.ts';
import { type Ctx, page, type Route } from '../middleware/route.ts';
import { parse } from '../middleware/validate.ts';
import type { Said } from '../middleware/words.ts';
import type { Actor } from '../people/actor.ts';
import { addDatabase, databaseOf, databasesOf, deleteDatabase, rotateDatabase } from './actions.ts';
import type { Database } from './queries.ts';
import { newDatabase } from './schema.ts';

const STATES: Record<Database['state'], Said> = {
  building: { tone: 'busy', word: 'Being made', fact: '' },
  ready: { tone: 'good', word: 'Ready', fact: '' },
  deleting: { tone: 'busy', word: 'Being deleted', fact: '' },
};

function viewOf(database: Database, password: string | null = null): object {
  const { name, apps, state, createdAt } = database;
  return { name, user: name, app: apps[0] ?? null, said: STATES[state], createdAt, password };
}

async function list(ctx: Ctx, actor: Actor, fault?: Fault): Promise<void> {
  const account = await ownAccount(actor);
  const databases = await databasesOf(actor, account.username);
  const limit = account.limits?.databases ?? 0;
  const full =
    account.databases >= limit
      ? `Your plan holds ${limit} ${limit === 1 ? 'database' : 'databases'}, and all are in use. Delete one, or ask for a larger plan.`
      : '';
  const whyNot = account.suspended ? 'Not while the account is suspended.' : full;
  const views = databases.map(database => viewOf(database));
  render(ctx, 'databases/list', {
    title: 'Databases',
    here: 'databases',
    ...standing(account),
    databases: views,
    limit,
    whyNot,
    account: account.username,
    ...fault,
  });
}

async function show(ctx: Ctx, actor: Actor, more: { password?: string | null } & Partial<Fault> = {}): Promise<void> {
  const account = await ownAccount(actor);
  const database = await databaseOf(actor, account.username, String(ctx.params.name));
  const { password = null, ...fault } = more;
  render(ctx, 'databases/database', {
    title: database.name,
    here: 'databases',
    ...standing(account),
    db: viewOf(database, password),
    ...fault,
  });
}

const own = (actor: Actor) => actor.account ?? '';

/** An account's databases. */
export const routes: Route[] = [
  page({ method: 'GET', path: '/databases', policy: 'customer', run: (ctx, actor) => list(ctx, actor) }),
  page({
    method: 'POST',
    path: '/databases',
    policy: 'customer',
    async run(ctx, actor) {
      await attempt(
        ctx,
        async () => {
          const { name } = parse(newDatabase, { name: form(ctx).name });
          const { job } = await addDatabase(actor, own(actor), name);
          ctx.redirect(`/activity/${job.id}`);
        },
        fault => list(ctx, actor, fault),
      );
    },
  }),
  page({ method: 'GET', path: '/databases/:name', policy: 'customer', run: (ctx, actor) => show(ctx, actor) }),
  page({
    method: 'POST',
    path: '/databases/:name/reveal',
    policy: 'customer',
    async run(ctx, actor) {
      const database = await databaseOf(actor, own(actor), String(ctx.params.name));
      await note(actor, { action: 'database-reveal', account: own(actor), subject: database.name });
      await show(ctx, actor, { password: database.password });
    },
  }),
  page({
    method: 'POST',
    path: '/databases/:name/rotate',
    policy: 'customer',
    async run(ctx, actor) {
      await attempt(
        ctx,
        async () => {
          const job = await rotateDatabase(actor, own(actor), String(ctx.params.name));
          ctx.redirect(`/activity/${job.id}`);
        },
        fault => show(ctx, actor, fault),
      );
    },
  }),
  page({
    method: 'POST',
    path: '/databases/:name/delete',
    policy: 'customer',
    async run(ctx, actor) {
      await attempt(
        ctx,
        async () => {
          const job = await deleteDatabase(actor, own(actor), String(ctx.params.name), form(ctx).confirm);
          ctx.redirect(`/activity/${job.id}`);
        },
        fault => show(ctx, actor, { ...fault, values: {} }),
      );
    },
  }),
];
