import type { Limits } from '../../provisioning/account/spec.ts';
import { change, limitTo, one, select, type Value } from '../db/pool.ts';
import { type Actor, mine } from '../people/actor.ts';
import { limitsFrom } from '../plans/schema.ts';

/** An account with its plan and host. `state` is what people are told: `suspended` when it is. */
export interface Account {
  id: number;
  username: string;
  /** The account's name on its host: the one it was opened with. */
  unixName: string;
  uid: number;
  email: string;
  state: 'building' | 'active' | 'suspended' | 'failed' | 'terminating' | 'terminated';
  /** What the row itself says, apart from suspension. */
  stage: 'building' | 'active' | 'failed' | 'terminating' | 'terminated';
  suspended: boolean;
  reason: string;
  externalId: string | null;
  generation: number;
  plan: string | null;
  planId: number | null;
  limits: Limits | null;
  host: string;
  hostId: number;
  domain: string | null;
  apps: number;
  databases: number;
  /** The newest job. */
  jobId: number | null;
  createdAt: Date;
  terminatedAt: Date | null;
}

type Row = Omit<Account, 'limits' | 'suspended'> & { limits: string | null; suspended: number };

const STATE = `IF(a.suspended = 1 AND a.state = 'active', 'suspended', a.state)`;
const SELECT = `SELECT a.id, a.username, COALESCE((SELECT r.unix_name FROM renames r WHERE r.account_id = a.id), a.username) AS unixName, a.uid, a.email, ${STATE} AS state, a.state AS stage, a.suspended, a.reason, a.external_id AS externalId,
    a.generation, p.name AS plan, a.plan_id AS planId, p.limits, h.name AS host, a.host_id AS hostId,
    (SELECT d.name FROM domains d WHERE d.account_id = a.id AND d.given = 0 ORDER BY d.id LIMIT 1) AS domain,
    (SELECT COUNT(*) FROM apps x WHERE x.account_id = a.id AND x.state <> 'deleting') AS apps,
    (SELECT COUNT(*) FROM \`databases\` b WHERE b.account_id = a.id AND b.state <> 'deleting') AS \`databases\`,
    (SELECT MAX(j.id) FROM jobs j WHERE j.account_id = a.id) AS jobId,
    a.created_at AS createdAt, a.terminated_at AS terminatedAt
  FROM accounts a LEFT JOIN plans p ON p.id = a.plan_id JOIN hosts h ON h.id = a.host_id`;
const VISIBLE = '(? = 1 OR a.id = ?)';

function toAccount(row: Row): Account {
  return { ...row, suspended: row.suspended === 1, limits: row.limits ? limitsFrom(row.limits) : null };
}

/** What a list of accounts is narrowed to; terminated ones only when asked for. */
export interface AccountFilter {
  state?: string;
  plan?: string;
  host?: string;
  externalId?: string;
  search?: string;
  after?: string;
  limit: number;
}

/** The accounts an actor may see, in the order of their names. */
export async function accountsOf(actor: Actor, filter: AccountFilter): Promise<Account[]> {
  const where = [VISIBLE, 'a.username > ?'];
  const values: Value[] = [...mine(actor), filter.after ?? ''];
  const narrow = (condition: string, ...more: Value[]) => {
    where.push(condition);
    values.push(...more);
  };
  if (filter.state) narrow(`${STATE} = ?`, filter.state);
  else where.push(`a.state <> 'terminated'`);
  if (filter.plan) narrow('p.name = ?', filter.plan);
  if (filter.host) narrow('h.name = ?', filter.host);
  if (filter.externalId) narrow('a.external_id = ?', filter.externalId);
  if (filter.search) {
    const like = `%${filter.search.replace(/[\\%_]/g, '\\$&')}%`;
    const named = (column: string) => `CONVERT(${column} USING utf8mb4) LIKE ?`;
    const domain = `EXISTS (SELECT 1 FROM domains s WHERE s.account_id = a.id AND ${named('s.name')})`;
    narrow(`(${named('a.username')} OR a.email LIKE ? OR ${domain})`, like, like, like);
  }
  const sql = `${SELECT} WHERE ${where.join(' AND ')} ORDER BY a.username ${limitTo(filter.limit)}`;
  return (await select<Row>(sql, values)).map(toAccount);
}

/** The account of a name, or null when there is none for this actor; of deleted ones by that name the last. */
export async function accountOf(actor: Actor, username: string): Promise<Account | null> {
  const row = await one<Row>(`${SELECT} WHERE ${VISIBLE} AND a.username = ? ORDER BY a.live DESC, a.id DESC LIMIT 1`, [
    ...mine(actor),
    username,
  ]);
  return row ? toAccount(row) : null;
}

/** The account of an id. */
export async function accountById(actor: Actor, id: number): Promise<Account | null> {
  const row = await one<Row>(`${SELECT} WHERE ${VISIBLE} AND a.id = ?`, [...mine(actor), id]);
  return row ? toAccount(row) : null;
}

/** How many accounts there are in each state. */
export async function accountCounts(actor: Actor): Promise<Record<string, number>> {
  const rows = await select<{ state: string; count: number }>(
    `SELECT ${STATE} AS state, COUNT(*) AS count FROM accounts a WHERE ${VISIBLE} GROUP BY 1`,
    mine(actor),
  );
  return Object.fromEntries(rows.map(row => [row.state, row.count]));
}

/** Holds the account's row until the transaction ends, so that its limits are counted by one at a time. */
export async function holdAccount(id: number): Promise<void> {
  await one('SELECT id FROM accounts WHERE id = ? FOR UPDATE', [id]);
}

/** Begins giving out uids at `first`, unless it has gone beyond already. */
export async function startUids(first: number): Promise<void> {
  await change(`UPDATE counters SET value = GREATEST(value, ?) WHERE name = 'uid'`, [first - 1]);
}

/** Gives out the next uid. It is never given out again. */
export async function nextUid(): Promise<number> {
  await one(`SELECT value FROM counters WHERE name = 'uid' FOR UPDATE`);
  await change(`UPDATE counters SET value = value + 1 WHERE name = 'uid'`);
  return (await one<{ value: number }>(`SELECT value FROM counters WHERE name = 'uid'`))!.value;
}

/** Adds an account; answers its id. */
export async function insertAccount(row: {
  username: string;
  uid: number;
  email: string;
  plan: number;
  host: number;
  externalId: string | null;
}) {
  const values = [row.username, row.uid, row.email, row.plan, row.host, row.externalId];
  return (await change('INSERT INTO accounts (username, uid, email, plan_id, host_id, external_id) VALUES (?, ?, ?, ?, ?, ?)', values)).id;
}

/** Raises what the account should be by one generation. */
export async function raiseGeneration(id: number): Promise<void> {
  await change('UPDATE accounts SET generation = generation + 1 WHERE id = ?', [id]);
}

/** Whether a name is still an account's on its host, although people know that account by another one. */
export async function isHostName(name: string): Promise<boolean> {
  return (await one('SELECT account_id FROM renames WHERE unix_name = ?', [name])) !== null;
}

/** Gives an account another name; on its host it keeps the first one. */
export async function rename(account: Account, username: string): Promise<void> {
  await change('INSERT IGNORE INTO renames (account_id, unix_name) VALUES (?, ?)', [account.id, account.unixName]);
  await change('UPDATE accounts SET username = ? WHERE id = ?', [username, account.id]);
  await change('UPDATE people SET login = ? WHERE account_id = ? AND login = ?', [username, account.id, account.username]);
}

/** The names on hosts of accounts that people know by other ones: both, by the first. */
export async function renamed(): Promise<Map<string, string>> {
  const sql = 'SELECT r.unix_name AS unixName, a.username FROM renames r JOIN accounts a ON a.id = r.account_id';
  return new Map((await select<{ unixName: string; username: string }>(sql)).map(row => [row.unixName, row.username]));
}

/** Sets the plan of an account. */
export async function setPlan(id: number, plan: number): Promise<void> {
  await change('UPDATE accounts SET plan_id = ? WHERE id = ?', [plan, id]);
}

/** Sets the email of an account. */
export async function setEmail(id: number, email: string): Promise<void> {
  await change('UPDATE accounts SET email = ? WHERE id = ?', [email, id]);
}

/** Suspends an account, or lifts it. */
export async function setSuspended(id: number, suspended: boolean, reason: string): Promise<void> {
  await change('UPDATE accounts SET suspended = ?, reason = ? WHERE id = ?', [suspended ? 1 : 0, reason, id]);
}

/** Sets the stage of an account's life, if it stands at one of those given. */
export async function setStage(id: number, stage: Account['stage'], from: Account['stage'][]): Promise<void> {
  await change(`UPDATE accounts SET state = ? WHERE id = ? AND state IN (${from.map(() => '?').join(', ')})`, [stage, id, ...from]);
}

/** Notes which generation stands on the host. */
export async function setApplied(id: number, generation: number): Promise<void> {
  await change('UPDATE accounts SET applied_generation = GREATEST(applied_generation, ?) WHERE id = ?', [generation, id]);
}

/** Turns an account into its tombstone: the uid stays taken, all else is free. */
export async function bury(id: number): Promise<void> {
  await change('DELETE FROM renames WHERE account_id = ?', [id]);
  await change(
    `UPDATE accounts SET state = 'terminated', live = NULL, suspended = 0, plan_id = NULL, external_id = NULL, email = '', terminated_at = NOW(3) WHERE id = ?`,
    [id],
  );
}
