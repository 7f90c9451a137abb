import { change, limitTo, one, select } from '../db/pool.ts';
import { type Actor, mine, type Scope } from '../people/actor.ts';
import { ACTOR_COLUMNS, type ActorRow, MAY_ACT, toActor } from '../people/queries.ts';

/** A token as lists show it: never the token itself. */
export interface TokenRow {
  id: number;
  name: string;
  owner: string;
  scopes: Scope[];
  createdAt: Date;
  usedAt: Date | null;
  expiresAt: Date | null;
}

/** The actor a live token speaks for: its person, with no more than the token's scopes. */
export async function actorOfToken(hash: string): Promise<Actor | null> {
  const row = await one<ActorRow & { token: number; granted: string }>(
    `SELECT ${ACTOR_COLUMNS}, t.id AS token, t.scopes AS granted
     FROM tokens t JOIN people p ON p.id = t.person_id LEFT JOIN accounts a ON a.id = p.account_id
     WHERE t.hash = ? AND (t.expires_at IS NULL OR t.expires_at > NOW(3)) AND ${MAY_ACT}`,
    [hash],
  );
  if (!row) return null;
  const person = toActor(row);
  const granted = JSON.parse(row.granted) as Scope[];
  return { ...person, kind: 'token', token: row.token, scopes: new Set(granted.filter(scope => person.scopes.has(scope))) };
}

/** Notes that a token was used, at most once a minute. */
export async function touchToken(id: number): Promise<void> {
  await change('UPDATE tokens SET used_at = NOW(3) WHERE id = ? AND (used_at IS NULL OR used_at < NOW(3) - INTERVAL 1 MINUTE)', [id]);
}

/** Adds a token; answers its id. */
export async function addToken(token: {
  person: number;
  name: string;
  hash: string;
  scopes: Scope[];
  expiresAt: Date | null;
}): Promise<number> {
  const { person, name, hash, scopes, expiresAt } = token;
  const sql = 'INSERT INTO tokens (person_id, name, hash, scopes, expires_at) VALUES (?, ?, ?, ?, ?)';
  return (await change(sql, [person, name, hash, JSON.stringify(scopes), expiresAt])).id;
}

/** The tokens an actor may see: an administrator all, a customer their account's. */
export async function tokensOf(actor: Actor, page: { after?: number; limit: number }): Promise<TokenRow[]> {
  const rows = await select<Omit<TokenRow, 'scopes'> & { scopes: string }>(
    `SELECT t.id, t.name, p.login AS owner, t.scopes, t.created_at AS createdAt, t.used_at AS usedAt, t.expires_at AS expiresAt
     FROM tokens t JOIN people p ON p.id = t.person_id
     WHERE (? = 1 OR p.account_id = ?) AND t.id > ? ORDER BY t.id ${limitTo(page.limit)}`,
    [...mine(actor), page.after ?? 0],
  );
  return rows.map(row => ({ ...row, scopes: JSON.parse(row.scopes) as Scope[] }));
}

/** Deletes a token the actor may see; false when there is none. */
export async function dropToken(actor: Actor, id: number): Promise<boolean> {
  const sql = 'DELETE t FROM tokens t JOIN people p ON p.id = t.person_id WHERE t.id = ? AND (? = 1 OR p.account_id = ?)';
  return (await change(sql, [id, ...mine(actor)])).rows > 0;
}
