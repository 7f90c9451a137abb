import { setTimeout as sleep } from 'node:timers/promises';
import { catalog, type Recipe, recipe } from '../../provisioning/catalog/recipe.ts';
import type { Account } from '../accounts/queries.ts';
import { recipeView } from '../catalog/view.ts';
import { givenName, urlOf } from '../domains/actions.ts';
import { notFound } from '../middleware/errors.ts';
import { attempt, type Fault, faultOf, filled, form, ownAccount, render, standing } from '../middleware/page.ts';
import type { Ctx } from '../middleware/route.ts';
import { parse } from '../middleware/validate.ts';
import type { Actor } from '../people/actor.ts';
import { addApp, previewApp } from './actions.ts';
import * as queries from './queries.ts';
import { type NewApp, newApp } from './schema.ts';

/** How long a page waits for the host's plan before it is shown without. */
const PLAN_MS = 2000;

/** What will be made, or why that cannot be told. */
interface Plan {
  steps: { why: string }[];
  problem: { title: string; help: string } | null;
}

/** Why no app can be added now; empty when one can. */
export function whyNoApp(account: Account): string {
  if (account.suspended) return 'Nothing can be added while the account is suspended.';
  const room = Math.min(account.limits?.apps ?? 0, account.limits?.slots ?? 0);
  return account.apps < room ? '' : `All ${room} apps of your plan are in use. Delete one, or ask for a larger plan.`;
}

function named(ctx: Ctx): Recipe {
  const found = recipe(String(ctx.params.recipe));
  if (!found) throw notFound('recipe');
  return found;
}

/** What a form says, in the shape of the API. */
function inputOf(from: Recipe, fields: Record<string, string>): NewApp {
  const given = filled(fields);
  const answers = Object.fromEntries(from.question.map(({ id }) => [id, fields[`answer:${id}`] ?? '']).filter(([, value]) => value !== ''));
  const owner = from.owner ? { owner: { user: given['owner:user'], email: given['owner:email'] } } : {};
  const { name, mode, domain } = given;
  return parse(newApp, {
    name: name ?? '',
    source: { type: 'recipe', recipe: from.id, answers },
    ...(mode ? { mode } : {}),
    ...(domain ? { domain } : {}),
    ...owner,
  });
}

/** Fields are called by their own names here, not by the API's. */
function own(fault: Fault): Fault {
  const errors = Object.fromEntries(
    Object.entries(fault.errors).map(([field, words]) => [
      field.replace(/^source\.answers\./, 'answer:').replace(/^owner\./, 'owner:'),
      words,
    ]),
  );
  return { ...fault, errors };
}

async function freeName(actor: Actor, account: Account, from: Recipe): Promise<string> {
  const taken = new Set((await queries.appsOf(actor, account.id)).map(app => app.name));
  for (let i = 1; ; i++) {
    const name = i === 1 ? from.id : `${from.id}-${i}`;
    if (!taken.has(name)) return name;
  }
}

async function planOf(ctx: Ctx, actor: Actor, account: Account, make: () => NewApp): Promise<Plan> {
  try {
    const lines = await previewApp(actor, account.username, make());
    return { steps: lines.map(why => ({ why })), problem: null };
  } catch (error) {
    const { problem, errors } = faultOf(ctx, error);
    // Beside the form, where no field is marked, the sentences of the fields stand here.
    return { steps: [], problem: { title: problem.title, help: Object.values(errors).join(' ') || problem.help } };
  }
}

async function showForm(ctx: Ctx, actor: Actor, fault: Partial<Fault> = {}, plan?: Plan): Promise<void> {
  const account = await ownAccount(actor);
  const from = named(ctx);
  const view = { ...recipeView(from), id: from.id };
  const name = await freeName(actor, account, from);
  const defaults = Object.fromEntries(from.question.map(({ id, default: value }) => [`answer:${id}`, value ?? '']));
  const nothing: Plan = { steps: [], problem: null };
  const first =
    plan ??
    (fault.problem
      ? nothing
      : await Promise.race([planOf(ctx, actor, account, () => inputOf(from, { name, ...defaults })), sleep(PLAN_MS, nothing)]));
  if (!fault.problem) ctx.status = 200;
  render(ctx, 'apps/form', {
    title: `Add ${from.name}`,
    here: 'apps',
    ...standing(account),
    account: { username: account.username, email: account.email },
    recipe: view,
    name,
    plan: first,
    addressHint: new URL(urlOf(givenName(account.username, 'name'))).host,
    openDetails: Object.keys(fault.errors ?? {}).some(field => /^(mode|domain|owner)/.test(field)),
    ...fault,
  });
}

/** The three doors. */
export async function showDoors(ctx: Ctx, actor: Actor): Promise<void> {
  const account = await ownAccount(actor);
  const views = catalog().map(recipeView);
  render(ctx, 'apps/doors', {
    title: 'Add app',
    here: 'apps',
    ...standing(account),
    whyNot: whyNoApp(account),
    finished: views.filter(view => view.category !== 'starter'),
    starters: views.filter(view => view.category === 'starter'),
  });
}

/** The form of one recipe, with what will be made from its defaults. */
export function showAdd(ctx: Ctx, actor: Actor): Promise<void> {
  return showForm(ctx, actor);
}

/** What will be made from what stands in the form: a part of the page for the script, the whole page without it. */
export async function preview(ctx: Ctx, actor: Actor): Promise<void> {
  const account = await ownAccount(actor);
  const from = named(ctx);
  const fields = form(ctx);
  const plan = await planOf(ctx, actor, account, () => inputOf(from, fields));
  ctx.status = 200;
  if (ctx.get('X-Berth-Part') === 'preview') render(ctx, 'apps/preview', { plan });
  else await showForm(ctx, actor, { values: fields, problem: undefined, errors: {} }, plan);
}

/** Adds the app and leads to its page, where it is seen being built. */
export async function add(ctx: Ctx, actor: Actor): Promise<void> {
  await attempt(
    ctx,
    async () => {
      const account = await ownAccount(actor);
      const { app } = await addApp(actor, account.username, inputOf(named(ctx), form(ctx)));
      ctx.redirect(`/apps/${app.name}`);
    },
    fault => showForm(ctx, actor, own(fault)),
  );
}
