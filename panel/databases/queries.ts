import { change, one, select } from '../db/pool.ts';
import { type Actor, mine } from '../people/actor.ts';

/** A database, whose user has the same name. */
export interface Database {
  id: number;
  name: string;
  password: string;
  state: 'building' | 'ready' | 'deleting';
  /** The names of the apps that use it. */
  apps: string[];
  createdAt: Date;
}

type Row = Omit<Database, 'apps'> & { apps: string | null };

const SELECT = `SELECT b.id, b.name, b.password, b.state, b.created_at AS createdAt,
    (SELECT GROUP_CONCAT(x.name ORDER BY x.name) FROM apps x WHERE x.database_id = b.id AND x.state <> 'deleting') AS apps
  FROM \`databases\` b WHERE (? = 1 OR b.account_id = ?) AND b.account_id = ?`;

function toDatabase(row: Row): Database {
  return { ...row, apps: row.apps ? row.apps.split(',') : [] };
}

/** The databases of an account an actor may see. */
export async function databasesOf(actor: Actor, account: number): Promise<Database[]> {
  return (await select<Row>(`${SELECT} ORDER BY b.name`, [...mine(actor), account])).map(toDatabase);
}

/** The database of a name, or null. */
export async function databaseOf(actor: Actor, account: number, name: string): Promise<Database | null> {
  const row = await one<Row>(`${SELECT} AND b.name = ?`, [...mine(actor), account, name]);
  return row ? toDatabase(row) : null;
}

/** Adds a database; answers its id. */
export async function insertDatabase(account: number, name: string, password: string): Promise<number> {
  return (await change('INSERT INTO `databases` (account_id, name, password) VALUES (?, ?, ?)', [account, name, password])).id;
}

/** Sets a database's password. */
export async function setDatabasePassword(id: number, password: string): Promise<void> {
  await change('UPDATE `databases` SET password = ? WHERE id = ?', [password, id]);
}

/** Marks a database as to be deleted; its row goes when the host has done it. */
export async function markDatabaseGone(id: number): Promise<void> {
  await change(`UPDATE \`databases\` SET state = 'deleting' WHERE id = ?`, [id]);
}

/** Notes that a host has made these databases. */
export async function markDatabasesReady(ids: number[]): Promise<void> {
  for (const id of ids) await change(`UPDATE \`databases\` SET state = 'ready' WHERE id = ? AND state = 'building'`, [id]);
}

/** Forgets databases that a host has deleted. */
export async function forgetDatabases(ids: number[]): Promise<void> {
  for (const id of ids) await change(`DELETE FROM \`databases\` WHERE id = ? AND state = 'deleting'`, [id]);
}

/** Forgets every database of an account. */
export async function dropDatabasesOf(account: number): Promise<void> {
  await change('DELETE FROM `databases` WHERE account_id = ?', [account]);
}
