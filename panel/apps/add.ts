import { randomBytes } from 'node:crypto';
import { answersSchema, catalog, type Recipe, recipe } from '../../provisioning/catalog/recipe.ts';
import { Refused } from '../../provisioning/errors.ts';
import { accountOf, liveAccount } from '../accounts/actions.ts';
import { type Account, accountById, holdAccount } from '../accounts/queries.ts';
import { note } from '../audit/actions.ts';
import { mustHaveRoomForDatabase, reserveDatabase } from '../databases/actions.ts';
import { duplicateKey, together } from '../db/pool.ts';
import { giveAddress, givenName, reserveDomain } from '../domains/names.ts';
import * as client from '../hosts/client.ts';
import { gather, partsOf } from '../hosts/deliver.ts';
import { hostById } from '../hosts/queries.ts';
import { order } from '../jobs/actions.ts';
import type { Job } from '../jobs/queries.ts';
import { parse } from '../middleware/validate.ts';
import { type Actor, SYSTEM } from '../people/actor.ts';
import { randomPassword } from '../people/secrets.ts';
import * as queries from './queries.ts';
import type { NewApp } from './schema.ts';
import { type App, appFrom } from './state.ts';

interface Wanted {
  draft: queries.AppDraft;
  database: boolean;
}

/** Turns what was asked into what will be kept; changes nothing. Throws Refused with the field that cannot be. */
function decide(account: Account, input: NewApp): Wanted {
  const from = recipeOf(input);
  const needs = from.needs.database;
  if (needs && input.database === false) {
    throw new Refused('database-needed', `${from.name} needs a database.`, 'Leave database out, or set it to true.', {
      fields: [{ field: 'database', message: `${from.name} needs one, leave this out` }],
    });
  }
  const { name, mode, env, owner } = input;
  const answers = answersOf(from, input);
  const person = {
    user: owner?.user ?? account.username,
    email: owner?.email ?? account.email,
    password: owner?.password ?? randomPassword(20),
  };
  const secretKey = randomBytes(48).toString('base64url');
  const draft = { name, recipe: from.id, answers, mode, env, secretKey, owner: from.owner ? person : null };
  return { draft, database: input.database ?? needs };
}

function recipeOf({ source }: NewApp): Recipe {
  if (source.type !== 'recipe') {
    throw new Refused(
      'source-not-available-yet',
      `Apps cannot be made from ${source.type} yet.`,
      'Use source.type "recipe" with one of the recipes of GET /api/v1/catalog.',
      {
        fields: [{ field: 'source.type', message: 'use "recipe"; the other sources come with a later version' }],
      },
    );
  }
  const found = recipe(source.recipe);
  if (found) return found;
  const ids = catalog()
    .map(entry => entry.id)
    .join(', ');
  throw new Refused('unknown-recipe', `There is no recipe named ${source.recipe}.`, `Use one of: ${ids}.`, {
    fields: [{ field: 'source.recipe', message: `there is no such recipe, use one of: ${ids}` }],
  });
}

function answersOf(from: Recipe, { source }: NewApp): Record<string, string> {
  try {
    return parse(answersSchema(from), source.type === 'recipe' ? source.answers : {}, '');
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const fields = error.fields.map(({ field, message }) => ({ field: `source.answers.${field}`, message }));
    throw new Refused(error.code, `${fields[0]?.field}: ${fields[0]?.message}.`, error.help, { fields });
  }
}

/** How many slots an app of a recipe takes: one that serves, and one for each further process. */
const slotsFor = (id: string): number => 1 + (recipe(id)?.process.length ?? 0);

/** Throws Refused when the plan has no room for another app. Call it with the account held. */
async function mustHaveRoom(account: Account, draft: queries.AppDraft): Promise<void> {
  const now = await accountById(SYSTEM, account.id);
  const { apps = 0, slots = 0 } = now?.limits ?? {};
  const used = now?.apps ?? 0;
  const taken = (await queries.appsOf(SYSTEM, account.id)).reduce((sum, app) => sum + slotsFor(app.recipe), 0);
  const needed = slotsFor(draft.recipe);
  if (used < apps && taken + needed <= slots) return;
  const [what, room, left] = used >= apps ? ['apps', apps, 0] : ['slots', slots, Math.max(0, slots - taken)];
  const full = room === 0 ? `This plan has no ${what}.` : `All ${room} ${what} of this plan are in use.`;
  const sentence =
    left === 0 ? full : `${draft.name} needs ${needed} slots, and ${left} of the ${slots} of this plan ${left === 1 ? 'is' : 'are'} free.`;
  throw new Refused(`limit-${what}`, sentence, 'Delete an app, or choose a larger plan.', {
    fields: [{ field: 'name', message: sentence }],
  });
}

function nameTaken(name: string): Refused {
  return new Refused('app-taken', `There is already an app named ${name}.`, 'Choose another name.', {
    status: 409,
    fields: [{ field: 'name', message: 'this name is taken, choose another' }],
  });
}

/** Adds an app: its name, address and database are reserved here, at once; a job builds it. The owner's password is for the caller. */
export async function addApp(
  actor: Actor,
  username: string,
  input: NewApp,
): Promise<{ app: App; job: Job; owner: { password: string } | null }> {
  const account = await liveAccount(actor, username);
  if (account.suspended)
    throw new Refused('account-suspended', `The account ${username} is suspended.`, 'Lift the suspension first.', { status: 409 });
  const { draft, database } = decide(account, input);
  try {
    const job = await together(async () => {
      await holdAccount(account.id);
      await mustHaveRoom(account, draft);
      const made = database ? await reserveDatabase(account, draft.name.replaceAll('-', ''), false) : null;
      const id = await queries.insertApp(account.id, draft, made?.id ?? null);
      await giveAddress(account, { id, name: draft.name });
      if (input.domain) await reserveDomain({ account: account.id, app: id, name: input.domain, field: 'domain' });
      const title = `Build ${draft.name} from ${recipe(draft.recipe)!.name}`;
      const job = await order(actor, account.id, { kind: 'app-create', subject: draft.name, title });
      await queries.setBuildJob(id, job.id);
      // A program gets the password with its answer; a person is shown it when the app has been built.
      if (actor.kind === 'token' && draft.owner) await queries.takeOwnerShow(id);
      await note(actor, {
        action: 'app-add',
        account: username,
        subject: draft.name,
        detail: { recipe: draft.recipe, database: made?.name ?? null },
      });
      return job;
    });
    const app = appFrom((await queries.appOf(actor, account.id, draft.name))!, account, []);
    return { app, job, owner: draft.owner && { password: draft.owner.password } };
  } catch (error) {
    if (duplicateKey(error) === 'app_name') throw nameTaken(draft.name);
    throw error;
  }
}

/** What would be made for an app, in sentences, as the agent plans it. Changes nothing. */
export async function previewApp(actor: Actor, username: string, input: NewApp): Promise<string[]> {
  const account = await accountOf(actor, username);
  const { draft, database } = decide(account, input);
  await mustHaveRoom(account, draft);
  if (database) await mustHaveRoomForDatabase(account);
  if (await queries.appOf(actor, account.id, draft.name)) throw nameTaken(draft.name);
  const parts = await partsOf(account.id);
  const host = parts && (await hostById(account.hostId));
  if (!parts || !host) return [];
  const name = `${username}_${draft.name.replaceAll('-', '').slice(0, 15)}`;
  const now = new Date();
  if (database) parts.databases.push({ id: 0, name, password: randomPassword(), state: 'building', apps: [], createdAt: now });
  parts.apps.push({
    ...draftRow(account, draft, now),
    database: database ? name : null,
    hosts: [givenName(username, draft.name), ...(input.domain ? [input.domain] : [])],
  });
  const { manifest } = gather({ ...parts, account: { ...parts.account, generation: parts.account.generation + 1 } });
  return (await client.plan(host, manifest)).map(step => step.why);
}

function draftRow(account: Account, draft: queries.AppDraft, now: Date): queries.AppRow {
  const { owner, ...rest } = draft;
  const person = {
    ownerUser: owner?.user ?? null,
    ownerEmail: owner?.email ?? null,
    ownerPassword: owner?.password ?? null,
    ownerShownAt: null,
  };
  const kept = { workers: 1, threads: 1, maxRequests: 0, isolation: 'shared' } as const;
  const fresh = { state: 'building', reason: '', stopped: false, release: 1, slotGeneration: 1, jobId: 0, lastSeen: 'asleep' } as const;
  return {
    ...rest,
    ...person,
    ...kept,
    ...fresh,
    id: 0,
    accountId: account.id,
    databaseId: null,
    database: null,
    hosts: [],
    builtAt: null,
    createdAt: now,
  };
}
