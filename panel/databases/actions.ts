import { Refused } from '../../provisioning/errors.ts';
import { accountOf, liveAccount } from '../accounts/actions.ts';
import { type Account, accountById, holdAccount } from '../accounts/queries.ts';
import { note } from '../audit/actions.ts';
import { duplicateKey, together } from '../db/pool.ts';
import { order } from '../jobs/actions.ts';
import type { Job } from '../jobs/queries.ts';
import { notFound } from '../middleware/errors.ts';
import { type Actor, SYSTEM } from '../people/actor.ts';
import { randomPassword } from '../people/secrets.ts';
import * as queries from './queries.ts';

type Database = queries.Database;

/** The databases of an account. Their passwords are for showing only to those who asked and may. */
export async function databasesOf(actor: Actor, username: string): Promise<Database[]> {
  return queries.databasesOf(actor, (await accountOf(actor, username)).id);
}

/** One database. Throws Refused 404. */
export async function databaseOf(actor: Actor, username: string, name: string): Promise<Database> {
  const database = await queries.databaseOf(actor, (await accountOf(actor, username)).id, name);
  if (!database) throw notFound('database');
  return database;
}

/** Throws Refused when the plan has no room for another database. Call it with the account held. */
export async function mustHaveRoomForDatabase(account: Account): Promise<void> {
  const now = await accountById(SYSTEM, account.id);
  const room = now?.limits?.databases ?? 0;
  if ((now?.databases ?? 0) < room) return;
  const sentence = room === 0 ? 'This plan has no databases.' : `All ${room} databases of this plan are in use.`;
  throw new Refused('limit-databases', sentence, 'Delete a database, or choose a larger plan.', {
    fields: [{ field: 'database', message: sentence }],
  });
}

/** Reserves a database for an account, in the caller's transaction; the account is held. A taken name gets a number. */
export async function reserveDatabase(account: Account, part: string, exact: boolean): Promise<{ id: number; name: string }> {
  await mustHaveRoomForDatabase(account);
  for (let attempt = 1; ; attempt++) {
    const suffix = attempt === 1 ? '' : String(attempt);
    const name = `${account.unixName}_${part.slice(0, 15 - suffix.length)}${suffix}`;
    try {
      return { id: await queries.insertDatabase(account.id, name, randomPassword()), name };
    } catch (error) {
      if (duplicateKey(error) === null) throw error;
      if (exact || attempt === 50) {
        throw new Refused('database-taken', `There is already a database named ${name}.`, 'Choose another name.', {
          status: 409,
          fields: [{ field: 'name', message: 'this name is taken, choose another' }],
        });
      }
    }
  }
}

/** Adds a database with a user of the same name. */
export async function addDatabase(actor: Actor, username: string, name: string): Promise<{ database: Database; job: Job }> {
  const account = await liveAccount(actor, username);
  const [prefix, part] = name.includes('_') ? (name.split('_') as [string, string]) : ['', name];
  if (prefix && prefix !== username) {
    throw new Refused('wrong-prefix', `A database of ${username} begins with ${username}_.`, `Use ${username}_${part}.`, {
      fields: [{ field: 'name', message: `use ${part}, the account's name is put before it` }],
    });
  }
  const { made, job } = await together(async () => {
    await holdAccount(account.id);
    const made = await reserveDatabase(account, part, true);
    const job = await order(actor, account.id, { kind: 'database-create', subject: made.name, title: `Create the database ${made.name}` });
    await note(actor, { action: 'database-add', account: username, subject: made.name });
    return { made, job };
  });
  return { database: await databaseOf(actor, username, made.name), job };
}

/** Gives a database a new password and every app that uses it too. */
export async function rotateDatabase(actor: Actor, username: string, name: string): Promise<Job> {
  const account = await liveAccount(actor, username);
  const database = await live(actor, account, name);
  return together(async () => {
    await queries.setDatabasePassword(database.id, randomPassword());
    const job = await order(actor, account.id, { kind: 'database-rotate', subject: name, title: `Change the password of ${name}` });
    await note(actor, { action: 'database-rotate', account: username, subject: name });
    return job;
  });
}

async function live(actor: Actor, account: Account, name: string): Promise<Database> {
  const database = await queries.databaseOf(actor, account.id, name);
  if (!database || database.state === 'deleting') throw notFound('database');
  return database;
}

/** Deletes a database with all that is in it. `confirm` is its name again. One that an app uses stays. */
export async function deleteDatabase(actor: Actor, username: string, name: string, confirm: string | undefined): Promise<Job> {
  const account = await liveAccount(actor, username);
  const database = await live(actor, account, name);
  if (database.apps.length > 0) {
    const apps = database.apps.join(', ');
    throw new Refused('database-in-use', `${apps} uses the database ${name}.`, `Delete ${apps} first.`, {
      status: 409,
      fields: [{ field: 'name', message: `delete ${apps} first` }],
    });
  }
  if (confirm !== name) {
    throw new Refused('confirm-missing', `Deleting ${name} takes all its tables, for good.`, `To go on, send confirm: "${name}".`, {
      fields: [{ field: 'confirm', message: `write ${name} here to confirm` }],
    });
  }
  return together(async () => {
    await queries.markDatabaseGone(database.id);
    const job = await order(actor, account.id, { kind: 'database-delete', subject: name, title: `Delete the database ${name}` });
    await note(actor, { action: 'database-delete', account: username, subject: name });
    return job;
  });
}
