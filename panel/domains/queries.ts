import { change, one, select } from '../db/pool.ts';
import { type Actor, mine } from '../people/actor.ts';

/** A host name of an account. `given` ones are made by Berth from the app's name. */
export interface Domain {
  name: string;
  given: boolean;
  app: string | null;
  createdAt: Date;
}

/** `blog.example.org` as `org.example.blog.`, so that a subdomain begins with its parent. */
function mirror(name: string): string {
  return `${name.split('.').reverse().join('.')}.`;
}

/** Holds all domains until the transaction ends: names of several accounts are compared by one at a time. */
export async function holdDomains(): Promise<void> {
  await one(`SELECT value FROM counters WHERE name = 'domains' FOR UPDATE`);
}

/** A domain of another account that is this one, above it or below it; given names do not count. */
export async function rivalOf(account: number, name: string): Promise<string | null> {
  const labels = name.split('.');
  const above = labels.map((_, index) => labels.slice(index).join('.'));
  const row = await one<{ name: string }>(
    `SELECT name FROM domains WHERE account_id <> ? AND given = 0 AND (name IN (${above.map(() => '?').join(', ')}) OR mirrored LIKE ?) LIMIT 1`,
    [account, ...above, `${mirror(name).replace(/[\\%_]/g, '\\$&')}%`],
  );
  return row?.name ?? null;
}

/** The id of an account's own domain that no app uses yet, or null. */
export async function spareDomain(account: number, name: string): Promise<number | null> {
  return (
    (await one<{ id: number }>('SELECT id FROM domains WHERE account_id = ? AND name = ? AND app_id IS NULL', [account, name]))?.id ?? null
  );
}

/** Gives a domain to an app. */
export async function assignDomain(id: number, app: number): Promise<void> {
  await change('UPDATE domains SET app_id = ? WHERE id = ?', [app, id]);
}

/** Adds a domain. */
export async function insertDomain(row: { account: number; app: number | null; name: string; given: boolean }): Promise<void> {
  const sql = 'INSERT INTO domains (account_id, app_id, name, mirrored, given) VALUES (?, ?, ?, ?, ?)';
  await change(sql, [row.account, row.app, row.name, mirror(row.name), row.given ? 1 : 0]);
}

/** The domains of an account an actor may see, given ones first. */
export async function domainsOf(actor: Actor, account: number): Promise<Domain[]> {
  const rows = await select<Omit<Domain, 'given'> & { given: number }>(
    `SELECT d.name, d.given, x.name AS app, d.created_at AS createdAt FROM domains d LEFT JOIN apps x ON x.id = d.app_id
     WHERE (? = 1 OR d.account_id = ?) AND d.account_id = ? ORDER BY d.given DESC, d.id`,
    [...mine(actor), account],
  );
  return rows.map(row => ({ ...row, given: row.given === 1 }));
}

/** Deletes a domain of an account; false when there is none that may go. */
export async function dropDomain(account: number, name: string): Promise<boolean> {
  return (await change('DELETE FROM domains WHERE account_id = ? AND name = ? AND given = 0', [account, name])).rows === 1;
}

/** Keeps an account's own domains when an app that used them goes, and frees the names Berth gave it. */
export async function freeDomainsOf(app: number): Promise<void> {
  await change('DELETE FROM domains WHERE app_id = ? AND given = 1', [app]);
  await change('UPDATE domains SET app_id = NULL WHERE app_id = ?', [app]);
}

/** Frees every name of an account. */
export async function dropDomainsOf(account: number): Promise<void> {
  await change('DELETE FROM domains WHERE account_id = ?', [account]);
}
