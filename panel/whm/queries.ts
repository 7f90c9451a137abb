import type { Limits } from '../../provisioning/account/spec.ts';
import { change, one, select } from '../db/pool.ts';
import { type Actor, mine } from '../people/actor.ts';
import { limitsFrom } from '../plans/schema.ts';

/** A package: a plan under the name that a billing system gave it, or under its own. */
export interface Package {
  name: string;
  plan: string;
  limits: Limits;
  facts: Record<string, string>;
}

type PackageRow = { name: string; plan: string; limits: string; facts: string | null };

const PACKAGES = `SELECT COALESCE(k.name, p.name) AS name, p.name AS plan, p.limits, k.facts FROM plans p LEFT JOIN packages k ON k.plan_id = p.id WHERE ? = 1`;

function toPackage(row: PackageRow): Package {
  return { ...row, limits: limitsFrom(row.limits), facts: row.facts ? (JSON.parse(row.facts) as Record<string, string>) : {} };
}

/** Every package, by name. */
export async function packages(actor: Actor): Promise<Package[]> {
  return (await select<PackageRow>(`${PACKAGES} ORDER BY 1`, [mine(actor)[0]])).map(toPackage);
}

/** The package of a name, or the plan of that name; null when there is neither. */
export async function packageNamed(actor: Actor, name: string): Promise<Package | null> {
  const row = await one<PackageRow>(
    `${PACKAGES} AND (k.name = ? OR CONVERT(p.name USING utf8mb4) = CONVERT(? USING utf8mb4) COLLATE utf8mb4_bin) ORDER BY k.name = ? DESC LIMIT 1`,
    [mine(actor)[0], name, name, name],
  );
  return row ? toPackage(row) : null;
}

/** Gives a plan a package's name. */
export async function addPackage(name: string, plan: number, facts: Record<string, string>): Promise<void> {
  await change('INSERT INTO packages (name, plan_id, facts) VALUES (?, ?, ?)', [name, plan, JSON.stringify(facts)]);
}

/** The account that has a domain, whoever asks: only administrators get here. */
export async function accountWithDomain(domain: string): Promise<string | null> {
  if (!/^[\x21-\x7e]{1,253}$/.test(domain)) return null;
  const sql = `SELECT a.username FROM domains d JOIN accounts a ON a.id = d.account_id WHERE d.name = ? LIMIT 1`;
  return (await one<{ username: string }>(sql, [domain]))?.username ?? null;
}

/** Whether an account of this name was deleted within thirty days. */
export async function removedBy(actor: Actor, username: string): Promise<boolean> {
  const sql = `SELECT id FROM accounts WHERE ? = 1 AND username = ? AND state IN ('terminating', 'terminated') AND COALESCE(terminated_at, NOW(3)) > NOW(3) - INTERVAL 30 DAY LIMIT 1`;
  return /^[\x21-\x7e]{1,16}$/.test(username) && (await one(sql, [mine(actor)[0], username])) !== null;
}

/** What lists say of an account. */
export interface Row {
  username: string;
  uid: number;
  email: string;
  domain: string | null;
  plan: string | null;
  package: string | null;
  limits: Limits | null;
  suspended: number;
  reason: string;
  suspendedAt: number | null;
  host: string;
  created: number;
}

const ROWS = `SELECT a.username, a.uid, a.email, d.name AS domain, p.name AS plan, k.name AS package, p.limits, a.suspended, a.reason,
    NULL AS suspendedAt, h.name AS host, UNIX_TIMESTAMP(a.created_at) AS created
  FROM accounts a JOIN hosts h ON h.id = a.host_id LEFT JOIN plans p ON p.id = a.plan_id LEFT JOIN packages k ON k.plan_id = p.id
  LEFT JOIN domains d ON d.id = (SELECT MIN(o.id) FROM domains o WHERE o.account_id = a.id AND o.given = 0)
  WHERE (? = 1 OR a.id = ?) AND a.state IN ('building', 'active')`;

/** Every account that stands, or the one of a name, with what billing systems ask for. Accounts that could not be made are not among them. */
export async function accountRows(actor: Actor, username?: string): Promise<Row[]> {
  const one = username === undefined ? '' : ' AND a.username = ?';
  const rows = await select<Omit<Row, 'limits'> & { limits: string | null }>(`${ROWS}${one} ORDER BY a.username`, [
    ...mine(actor),
    ...(username === undefined ? [] : [username]),
  ]);
  // Thousands of accounts share a few plans.
  const read = new Map<string, Limits>();
  const limitsOf = (text: string) => read.get(text) ?? read.set(text, limitsFrom(text)).get(text)!;
  return rows.map(row => ({ ...row, limits: row.limits ? limitsOf(row.limits) : null }));
}

/** The key and certificate kept under a name, unless they end within a month. */
export function certificateNamed(name: string): Promise<{ cert: string; key: string } | null> {
  const sql = 'SELECT certificate AS cert, private_key AS `key` FROM certificates WHERE name = ? AND expires_at > NOW(3) + INTERVAL 30 DAY';
  return one(sql, [name]);
}

/** Keeps a key and certificate, unless a good one stands there already. */
export async function keepCertificate(name: string, pair: { cert: string; key: string; expiresAt: Date }): Promise<void> {
  await change('DELETE FROM certificates WHERE name = ? AND expires_at <= NOW(3) + INTERVAL 30 DAY', [name]);
  await change('INSERT IGNORE INTO certificates (name, certificate, private_key, expires_at) VALUES (?, ?, ?, ?)', [
    name,
    pair.cert,
    pair.key,
    pair.expiresAt,
  ]);
}

/** Notes what an account was opened for, until its answer has been written whole. */
export async function noteCreation(account: number, fingerprint: string): Promise<void> {
  await change('INSERT INTO creations (account_id, fingerprint) VALUES (?, ?)', [account, fingerprint]);
}

/** Notes that the answer has been written whole. */
export async function noteAnswered(account: number): Promise<void> {
  await change('UPDATE creations SET answered = 1 WHERE account_id = ?', [account]);
}

/** The account that was opened for this very call within a quarter of an hour and of which nobody may know: no answer was written, nobody signed in. */
export async function unansweredCreation(username: string, fingerprint: string): Promise<number | null> {
  const row = await one<{ id: number }>(
    `SELECT a.id FROM creations c JOIN accounts a ON a.id = c.account_id WHERE a.username = ? AND a.live = 1 AND a.state IN ('building', 'active')
       AND a.suspended = 0 AND c.fingerprint = ? AND c.answered = 0 AND c.created_at > NOW(3) - INTERVAL 15 MINUTE
       AND NOT EXISTS (SELECT 1 FROM people p JOIN sessions s ON s.person_id = p.id WHERE p.account_id = a.id)`,
    [username, fingerprint],
  );
  return row?.id ?? null;
}

/** Forgets creations that are too old to be taken up again. */
export async function sweepCreations(): Promise<void> {
  await change('DELETE FROM creations WHERE created_at < NOW(3) - INTERVAL 1 DAY');
}
