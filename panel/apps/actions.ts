import { Refused } from '../../provisioning/errors.ts';
import { accountOf, liveAccount } from '../accounts/actions.ts';
import type { Account } from '../accounts/queries.ts';
import { note } from '../audit/actions.ts';
import * as databases from '../databases/queries.ts';
import { together } from '../db/pool.ts';
import { slotsOf } from '../hosts/actions.ts';
import { order } from '../jobs/actions.ts';
import type { Job, JobKind } from '../jobs/queries.ts';
import { notFound } from '../middleware/errors.ts';
import type { Actor } from '../people/actor.ts';
import { mustFit } from './keeping.ts';
import * as queries from './queries.ts';
import type { AppChange } from './schema.ts';
import { type App, appFrom, seenAs } from './state.ts';

export { addApp, previewApp } from './add.ts';
export type { App } from './state.ts';

/** The apps of an account, with their states now. Costs one question to the host, whatever their number. */
export async function appsOf(actor: Actor, username: string): Promise<App[]> {
  const account = await accountOf(actor, username);
  const rows = await queries.appsOf(actor, account.id);
  const slots = rows.some(row => row.state === 'built') ? await slotsOf(account) : [];
  return Promise.all(rows.map(row => seen(row, account, slots)));
}

/** One app, with its state now. Throws Refused 404. */
export async function appOf(actor: Actor, username: string, name: string): Promise<App> {
  const account = await accountOf(actor, username);
  const row = await found(actor, account, name);
  return seen(row, account, row.state === 'built' ? await slotsOf(account) : []);
}

async function seen(row: queries.AppRow, account: Account, slots: Parameters<typeof appFrom>[2]): Promise<App> {
  const slot = slots?.find(slot => slot.name === `${account.unixName}.${row.name}`);
  if (slot && seenAs(slot) !== row.lastSeen) await queries.noteSeen(row.id, seenAs(slot));
  return appFrom(row, account, slots);
}

async function found(actor: Actor, account: Account, name: string): Promise<queries.AppRow> {
  const row = await queries.appOf(actor, account.id, name);
  if (!row) throw notFound('app');
  return row;
}

/** An app that may be changed: it is not on its way out. */
async function changeable(actor: Actor, username: string, name: string): Promise<{ account: Account; row: queries.AppRow }> {
  const account = await liveAccount(actor, username);
  const row = await found(actor, account, name);
  if (row.state === 'deleting')
    throw new Refused('app-deleting', `The app ${name} is being deleted.`, 'Nothing more can be changed in it.', { status: 409 });
  return { account, row };
}

/** Changes an app in one transaction: the rows, the account's generation, the job and the audit. */
async function changed(
  actor: Actor,
  target: { account: Account; row: queries.AppRow },
  work: { kind: JobKind; title: string; detail?: Record<string, unknown> },
  change: (row: queries.AppRow) => Promise<void>,
): Promise<Job> {
  const { account, row } = target;
  return together(async () => {
    await change(row);
    const job = await order(actor, account.id, { kind: work.kind, subject: row.name, title: work.title });
    await note(actor, { action: work.kind, account: account.username, subject: row.name, detail: work.detail });
    return job;
  });
}

function mustBeBuilt(row: queries.AppRow): void {
  if (row.builtAt !== null) return;
  throw new Refused(
    'app-not-built',
    `The app ${row.name} has not been built yet.`,
    'Wait for its job, or try that job again if it failed.',
    { status: 409 },
  );
}

/** Replaces an app's processes; nothing that was accepted is lost. */
export async function restartApp(actor: Actor, username: string, name: string): Promise<Job> {
  const target = await changeable(actor, username, name);
  mustBeBuilt(target.row);
  return changed(actor, target, { kind: 'app-restart', title: `Restart ${name}` }, row => queries.raiseSlot(row.id));
}

/** Stops an app: no process runs, and visitors see a page that says so. */
export async function stopApp(actor: Actor, username: string, name: string): Promise<Job> {
  const target = await changeable(actor, username, name);
  mustBeBuilt(target.row);
  return changed(actor, target, { kind: 'app-stop', title: `Stop ${name}` }, row => queries.setStopped(row.id, true));
}

/** Lets a stopped app run again. */
export async function startApp(actor: Actor, username: string, name: string): Promise<Job> {
  const target = await changeable(actor, username, name);
  mustBeBuilt(target.row);
  return changed(actor, target, { kind: 'app-start', title: `Start ${name}` }, row => queries.setStopped(row.id, false));
}

/** Changes how an app's processes are kept. Answers null when that is how they are kept already. */
export async function changeApp(actor: Actor, username: string, name: string, input: AppChange): Promise<Job | null> {
  const target = await changeable(actor, username, name);
  const asked = Object.entries(input).filter(([key, value]) => value !== undefined && value !== target.row[key as keyof queries.Kept]);
  if (asked.length === 0) return null;
  const detail = Object.fromEntries(asked);
  const kept: queries.Kept = { ...target.row, ...detail };
  mustFit(kept, target.account);
  const title = asked.length === 1 && detail.mode ? `Keep ${name} ${detail.mode}` : `Change how ${name} runs`;
  return changed(actor, target, { kind: 'app-change', title, detail }, row => queries.setKept(row.id, kept));
}

/** Deletes an app with its files. `confirm` is its name again; its database stays unless that is asked for too. */
export async function deleteApp(
  actor: Actor,
  username: string,
  name: string,
  options: { confirm?: string; database?: boolean },
): Promise<Job> {
  const target = await changeable(actor, username, name);
  if (options.confirm !== name) {
    throw new Refused(
      'confirm-missing',
      `Deleting ${name} takes its files and addresses, for good.`,
      `To go on, send confirm: "${name}".`,
      {
        fields: [{ field: 'confirm', message: `write ${name} here to confirm` }],
      },
    );
  }
  const { databaseId, database } = target.row;
  const others = database && options.database ? await sharers(actor, target, database) : [];
  if (others.length > 0) {
    throw new Refused(
      'database-in-use',
      `${others.join(', ')} uses the database ${database} too.`,
      'Delete the app without its database.',
      {
        status: 409,
        fields: [{ field: 'database', message: 'leave this out: another app uses the database' }],
      },
    );
  }
  const dropped = options.database && database ? database : null;
  const title = dropped ? `Delete ${name} and the database ${dropped}` : `Delete ${name}`;
  return changed(actor, target, { kind: 'app-delete', title, detail: { database: dropped } }, async row => {
    await queries.markAppGone(row.id);
    if (dropped && databaseId) await databases.markDatabaseGone(databaseId);
  });
}

async function sharers(actor: Actor, { account, row }: { account: Account; row: queries.AppRow }, database: string): Promise<string[]> {
  return ((await databases.databaseOf(actor, account.id, database))?.apps ?? []).filter(app => app !== row.name);
}

/** Names that sound like a secret: their values are shown only when asked for. */
const SECRET = /(SECRET|PASS|TOKEN|KEY|CREDENTIAL|PRIVATE|DSN|_URL$|^DATABASE)/;

/** An app's own environment; secrets are null unless `reveal`. */
export async function envOf(actor: Actor, username: string, name: string, reveal = false): Promise<Record<string, string | null>> {
  const row = await found(actor, await accountOf(actor, username), name);
  if (reveal && !actor.scopes.has('secrets:read')) {
    throw new Refused(
      'not-allowed',
      'Showing secrets needs secrets:read, which you do not have.',
      'Use a token with secrets:read, or leave reveal out.',
      { status: 403 },
    );
  }
  return Object.fromEntries(Object.entries(row.env).map(([key, value]) => [key, reveal || !SECRET.test(key) ? value : null]));
}

/** Replaces an app's environment; null keeps the value there is. The app restarts with it. */
export async function setEnv(actor: Actor, username: string, name: string, env: Record<string, string | null>): Promise<Job> {
  const target = await changeable(actor, username, name);
  const unknown = Object.keys(env).filter(key => env[key] === null && !Object.hasOwn(target.row.env, key));
  if (unknown.length > 0) {
    throw new Refused('nothing-to-keep', `${unknown.join(', ')} has no value to keep.`, 'Give it a value, or leave it out.', {
      fields: unknown.map(field => ({ field, message: 'give this a value' })),
    });
  }
  const fresh = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, value ?? target.row.env[key]!]));
  const detail = { names: Object.keys(fresh) };
  return changed(actor, target, { kind: 'app-env', title: `Set the environment of ${name}`, detail }, async row => {
    await queries.setAppEnv(row.id, fresh);
    await queries.raiseSlot(row.id);
  });
}

/** The owner's sign-in of a freshly built app: with the password the first time, null ever after. */
export async function ownerSecretOnce(
  actor: Actor,
  username: string,
  name: string,
): Promise<{ user: string; email: string; password: string; loginUrl: string } | null> {
  if (!actor.scopes.has('secrets:read')) return null;
  const account = await accountOf(actor, username);
  const row = await found(actor, account, name);
  const { loginUrl } = appFrom(row, account, []);
  if (row.state !== 'built' || !row.ownerPassword || !loginUrl) return null;
  return together(async () => {
    if (!(await queries.takeOwnerShow(row.id))) return null;
    await note(actor, { action: 'owner-shown', account: username, subject: name });
    return { user: row.ownerUser!, email: row.ownerEmail!, password: row.ownerPassword!, loginUrl };
  });
}
