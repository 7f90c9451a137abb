import { change, limitTo, one, select } from '../db/pool.ts';
import { type Actor, mine, type Scope } from '../people/actor.ts';
import { ACTOR_COLUMNS, type ActorRow, MAY_ACT, toActor } from '../people/queries.ts';
import { isWithin } from './addresses.ts';

/** A token as lists show it: never the token itself. */
export interface TokenRow {
  id: number;
  name: string;
  owner: string;
  scopes: Scope[];
  createdAt: Date;
  usedAt: Date | null;
  expiresAt: Date | null;
  /** Where it may be used from; empty is anywhere. */
  addresses: string[];
  failByStatus: boolean;
}

/** The actor a live token speaks for: its person, with no more than the token's scopes; null also when it comes from elsewhere than it may. */
export async function actorOfToken(hash: string, peer: string): Promise<(Actor & { failByStatus: boolean }) | null> {
  const row = await one<ActorRow & { token: number; granted: string; addresses: string | null; failByStatus: number | null }>(
    `SELECT ${ACTOR_COLUMNS}, t.id AS token, t.scopes AS granted, x.addresses, x.fail_by_status AS failByStatus
     FROM tokens t LEFT JOIN token_rules x ON x.token_id = t.id JOIN people p ON p.id = t.person_id LEFT JOIN accounts a ON a.id = p.account_id
     WHERE t.hash = ? AND (t.expires_at IS NULL OR t.expires_at > NOW(3)) AND ${MAY_ACT}`,
    [hash],
  );
  if (!row || !isWithin(peer, JSON.parse(row.addresses ?? '[]') as string[])) return null;
  const person = toActor(row);
  const granted = JSON.parse(row.granted) as Scope[];
  const scopes = new Set(granted.filter(scope => person.scopes.has(scope)));
  return { ...person, kind: 'token', token: row.token, scopes, failByStatus: row.failByStatus === 1 };
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
  addresses: string[];
  failByStatus: boolean;
}): Promise<number> {
  const { person, name, hash, scopes, expiresAt, addresses, failByStatus } = token;
  const sql = 'INSERT INTO tokens (person_id, name, hash, scopes, expires_at) VALUES (?, ?, ?, ?, ?)';
  const { id } = await change(sql, [person, name, hash, JSON.stringify(scopes), expiresAt]);
  const rules = 'INSERT INTO token_rules (token_id, addresses, fail_by_status) VALUES (?, ?, ?)';
  await change(rules, [id, JSON.stringify(addresses), failByStatus ? 1 : 0]);
  return id;
}

/** The tokens an actor may see: an administrator all, a customer their account's. */
export async function tokensOf(actor: Actor, page: { after?: number; limit: number }): Promise<TokenRow[]> {
  const rows = await select<
    Omit<TokenRow, 'scopes' | 'addresses' | 'failByStatus'> & { scopes: string; addresses: string | null; failByStatus: number | null }
  >(
    `SELECT t.id, t.name, p.login AS owner, t.scopes, t.created_at AS createdAt, t.used_at AS usedAt, t.expires_at AS expiresAt,
       x.addresses, x.fail_by_status AS failByStatus
     FROM tokens t LEFT JOIN token_rules x ON x.token_id = t.id JOIN people p ON p.id = t.person_id
     WHERE (? = 1 OR p.account_id = ?) AND t.id > ? ORDER BY t.id ${limitTo(page.limit)}`,
    [...mine(actor), page.after ?? 0],
  );
  return rows.map(row => ({
    ...row,
    scopes: JSON.parse(row.scopes) as Scope[],
    addresses: JSON.parse(row.addresses ?? '[]') as string[],
    failByStatus: row.failByStatus === 1,
  }));
}

/** Deletes a token the actor may see; false when there is none. */
export async function dropToken(actor: Actor, id: number): Promise<boolean> {
  const sql = 'DELETE t FROM tokens t JOIN people p ON p.id = t.person_id WHERE t.id = ? AND (? = 1 OR p.account_id = ?)';
  return (await change(sql, [id, ...mine(actor)])).rows > 0;
}
