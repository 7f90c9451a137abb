import { change, one, type Value } from '../db/pool.ts';
import { type Actor, CUSTOMER_SCOPES, NOBODY, SCOPES, SUSPENDED_SCOPES } from './actor.ts';

/** Joined person and account, as an actor is made of. */
export const ACTOR_COLUMNS = `p.id, p.login, p.email, p.role, p.account_id AS accountId, a.username AS account, COALESCE(a.suspended, 0) AS suspended`;

/** The condition under which a person may come in: the hoster always, a customer while the account stands, if only to read why it is suspended. */
export const MAY_LOOK = `(p.role = 'admin' OR a.state NOT IN ('terminating', 'terminated'))`;

/** The condition under which a program may act for a person: not while the account is suspended. */
export const MAY_ACT = `(p.role = 'admin' OR (a.suspended = 0 AND a.state NOT IN ('terminating', 'terminated')))`;

/** A row of ACTOR_COLUMNS. */
export interface ActorRow {
  id: number;
  login: string;
  email: string;
  role: 'admin' | 'customer';
  accountId: number | null;
  account: string | null;
  suspended: number;
}

/** Makes an actor of a row, with all the scopes of its role. */
export function toActor(row: ActorRow): Actor {
  const scopes = new Set(row.role === 'admin' ? SCOPES : row.suspended ? SUSPENDED_SCOPES : CUSTOMER_SCOPES);
  const { id, login, email, role, accountId, account } = row;
  return { ...NOBODY, kind: 'person', id, login, email, role, accountId, account, scopes };
}

/** Whoever wants to sign in, with what decides whether they may. */
export interface Candidate {
  id: number;
  login: string;
  role: 'admin' | 'customer';
  hash: string;
  state: string | null;
}

/** The person of a login, or null. */
export function candidateOf(login: string): Promise<Candidate | null> {
  return one<Candidate>(
    `SELECT p.id, p.login, p.role, p.password_hash AS hash, a.state
     FROM people p LEFT JOIN accounts a ON a.id = p.account_id WHERE p.login = ?`,
    [login],
  );
}

/** The administrator of an id, as an actor; null for anybody else. */
export async function adminOf(person: number): Promise<Actor | null> {
  const sql = `SELECT ${ACTOR_COLUMNS} FROM people p LEFT JOIN accounts a ON a.id = p.account_id WHERE p.id = ? AND p.role = 'admin'`;
  const row = await one<ActorRow>(sql, [person]);
  return row ? toActor(row) : null;
}

/** Whether anybody runs this panel yet. */
export async function hasAdmin(): Promise<boolean> {
  return (await one(`SELECT id FROM people WHERE role = 'admin' LIMIT 1`)) !== null;
}

/** Adds a person; answers the id. */
export async function addPerson(person: {
  login: string;
  email: string;
  role: string;
  accountId: number | null;
  hash: string;
}): Promise<number> {
  const { login, email, role, accountId, hash } = person;
  const values: Value[] = [login, email, role, accountId, hash];
  return (await change('INSERT INTO people (login, email, role, account_id, password_hash) VALUES (?, ?, ?, ?, ?)', values)).id;
}

/** The hash of a person's password. */
export async function passwordOf(person: number): Promise<string | null> {
  return (await one<{ hash: string }>('SELECT password_hash AS hash FROM people WHERE id = ?', [person]))?.hash ?? null;
}

/**
 * Sets a person's password and ends what the old one opened: sessions, links, known browsers and a customer's tokens. The hoster's
 * tokens run billing systems and have their own end.
 */
export async function setPassword(person: number, hash: string, keep = ''): Promise<void> {
  await change('UPDATE people SET password_hash = ? WHERE id = ?', [hash, person]);
  await change('DELETE FROM sessions WHERE person_id = ? AND hash <> ?', [person, keep]);
  await change(`DELETE t FROM tokens t JOIN people p ON p.id = t.person_id WHERE p.id = ? AND p.role = 'customer'`, [person]);
  await change('DELETE FROM login_links WHERE person_id = ?', [person]);
  await change('DELETE FROM devices WHERE person_id = ?', [person]);
}

/** The person who owns an account. */
export async function customerOf(account: number): Promise<number | null> {
  return (await one<{ id: number }>('SELECT id FROM people WHERE account_id = ? ORDER BY id LIMIT 1', [account]))?.id ?? null;
}

/** Sets the email of an account's people. */
export async function setEmails(account: number, email: string): Promise<void> {
  await change('UPDATE people SET email = ? WHERE account_id = ?', [email, account]);
}

/** Ends every session and link of an account's people. */
export async function endSessionsOf(account: number): Promise<void> {
  await change('DELETE s FROM sessions s JOIN people p ON p.id = s.person_id WHERE p.account_id = ?', [account]);
  await change('DELETE l FROM login_links l JOIN people p ON p.id = l.person_id WHERE p.account_id = ?', [account]);
}

/** Deletes an account's people, and with them their sessions, tokens and browsers. */
export async function deletePeopleOf(account: number): Promise<void> {
  await change('DELETE FROM people WHERE account_id = ?', [account]);
}
