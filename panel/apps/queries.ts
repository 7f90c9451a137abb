import { change, one, select, type Value } from '../db/pool.ts';
import { type Actor, mine } from '../people/actor.ts';

/** How the processes of an app's web slot are kept. */
export interface Kept {
  mode: 'on-demand' | 'always-on' | 'per-request';
  /** Processes that serve at the same time, and threads in each. */
  workers: number;
  threads: number;
  /** A process is replaced after so many requests; 0 is never. */
  maxRequests: number;
  isolation: 'shared' | 'strict';
}

/** An app as the panel keeps it. */
export interface AppRow extends Kept {
  id: number;
  accountId: number;
  name: string;
  recipe: string;
  answers: Record<string, string>;
  state: 'building' | 'built' | 'failed' | 'deleting';
  reason: string;
  stopped: boolean;
  release: number;
  slotGeneration: number;
  databaseId: number | null;
  database: string | null;
  secretKey: string;
  env: Record<string, string>;
  ownerUser: string | null;
  ownerEmail: string | null;
  ownerPassword: string | null;
  ownerShownAt: Date | null;
  /** The job that builds it. */
  jobId: number;
  lastSeen: 'asleep' | 'running' | 'failed';
  /** Host names, the given one first. */
  hosts: string[];
  builtAt: Date | null;
  createdAt: Date;
}

type Row = Omit<AppRow, 'answers' | 'env' | 'stopped' | 'hosts'> & { answers: string; env: string; stopped: number; hosts: string | null };

const SELECT = `SELECT x.id, x.account_id AS accountId, x.name, x.recipe, x.answers, x.state, x.reason, x.stopped, x.mode, x.\`release\`,
    x.slot_generation AS slotGeneration, x.database_id AS databaseId, b.name AS \`database\`, x.secret_key AS secretKey, x.env,
    x.owner_user AS ownerUser, x.owner_email AS ownerEmail, x.owner_password AS ownerPassword, x.owner_shown_at AS ownerShownAt,
    COALESCE(k.workers, 1) AS workers, COALESCE(k.threads, 1) AS threads, COALESCE(k.max_requests, 0) AS maxRequests,
    COALESCE(k.isolation, 'shared') AS isolation, x.job_id AS jobId, x.last_seen AS lastSeen, x.built_at AS builtAt, x.created_at AS createdAt,
    (SELECT GROUP_CONCAT(d.name ORDER BY d.given DESC, d.id) FROM domains d WHERE d.app_id = x.id) AS hosts
  FROM apps x LEFT JOIN \`databases\` b ON b.id = x.database_id LEFT JOIN apps_kept k ON k.app_id = x.id
  WHERE (? = 1 OR x.account_id = ?)`;

function toApp(row: Row): AppRow {
  const { answers, env, stopped, hosts } = row;
  // What COALESCE picks may be told as text.
  const counts = { workers: Number(row.workers), threads: Number(row.threads), maxRequests: Number(row.maxRequests) };
  const said = { answers: JSON.parse(answers), env: JSON.parse(env), hosts: hosts ? hosts.split(',') : [] };
  return { ...row, ...counts, ...said, stopped: stopped === 1 };
}

/** The apps of an account an actor may see. */
export async function appsOf(actor: Actor, account: number): Promise<AppRow[]> {
  return (await select<Row>(`${SELECT} AND x.account_id = ? ORDER BY x.name`, [...mine(actor), account])).map(toApp);
}

/** The app of a name, or null. */
export async function appOf(actor: Actor, account: number, name: string): Promise<AppRow | null> {
  const row = await one<Row>(`${SELECT} AND x.account_id = ? AND x.name = ?`, [...mine(actor), account, name]);
  return row ? toApp(row) : null;
}

/** What is decided before an app has an id. */
export interface AppDraft {
  name: string;
  recipe: string;
  answers: Record<string, string>;
  mode: AppRow['mode'];
  env: Record<string, string>;
  secretKey: string;
  owner: { user: string; email: string; password: string } | null;
}

/** Adds an app; answers its id. */
export async function insertApp(account: number, draft: AppDraft, database: number | null): Promise<number> {
  const { name, recipe, answers, mode, env, secretKey, owner } = draft;
  const values: Value[] = [account, name, recipe, JSON.stringify(answers), mode, JSON.stringify(env), secretKey, database];
  const sql = `INSERT INTO apps (account_id, name, recipe, answers, mode, env, secret_key, database_id, owner_user, owner_email, owner_password)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
  return (await change(sql, [...values, owner?.user ?? null, owner?.email ?? null, owner?.password ?? null])).id;
}

/** Notes which job builds an app. */
export async function setBuildJob(app: number, job: number): Promise<void> {
  await change('UPDATE apps SET job_id = ? WHERE id = ?', [job, app]);
}

/** Sets an app's environment. */
export async function setAppEnv(app: number, env: Record<string, string>): Promise<void> {
  await change('UPDATE apps SET env = ? WHERE id = ?', [JSON.stringify(env), app]);
}

/** Sets how an app's processes are kept. */
export async function setKept(app: number, { mode, workers, threads, maxRequests, isolation }: Kept): Promise<void> {
  await change('UPDATE apps SET mode = ? WHERE id = ?', [mode, app]);
  const sql = `INSERT INTO apps_kept (app_id, workers, threads, max_requests, isolation) VALUES (?, ?, ?, ?, ?)
    ON DUPLICATE KEY UPDATE workers = VALUES(workers), threads = VALUES(threads), max_requests = VALUES(max_requests), isolation = VALUES(isolation)`;
  await change(sql, [app, workers, threads, maxRequests, isolation]);
}

/** Stops an app or lets it run. */
export async function setStopped(app: number, stopped: boolean): Promise<void> {
  await change('UPDATE apps SET stopped = ? WHERE id = ?', [stopped ? 1 : 0, app]);
}

/** Raises the generation of an app's slot: its processes are replaced. */
export async function raiseSlot(app: number): Promise<void> {
  await change('UPDATE apps SET slot_generation = slot_generation + 1 WHERE id = ?', [app]);
}

/** Marks an app as to be deleted; its row goes when the host has done it. */
export async function markAppGone(app: number): Promise<void> {
  await change(`UPDATE apps SET state = 'deleting' WHERE id = ?`, [app]);
}

/** Notes that a host has built these releases. */
export async function markBuilt(apps: { id: number; release: number }[]): Promise<void> {
  for (const { id, release } of apps) {
    const sql = `UPDATE apps SET state = 'built', reason = '', built_at = COALESCE(built_at, NOW(3)) WHERE id = ? AND \`release\` = ? AND state = 'building'`;
    await change(sql, [id, release]);
  }
}

/** Notes why the app that a job builds for the first time could not be built. */
export async function markFailed(account: number, job: number, reason: string): Promise<void> {
  const sql = `UPDATE apps SET state = IF(built_at IS NULL, 'failed', 'built'), reason = ? WHERE account_id = ? AND job_id = ? AND state = 'building'`;
  // The first line says what was wrong; the job keeps the rest.
  await change(sql, [(reason.split('\n')[0] ?? '').slice(0, 1000), account, job]);
}

/** Puts the failed apps of a job back to being built; answers those whose owner needs a new password. */
export async function rebuildFailed(account: number, job: number): Promise<void> {
  await change(`UPDATE apps SET state = 'building', reason = '' WHERE account_id = ? AND job_id = ? AND state = 'failed'`, [account, job]);
}

/** The apps that still wait to be built although their owner's password has been forgotten. */
export function ownersWithoutPassword(account: number): Promise<{ id: number }[]> {
  const sql = `SELECT id FROM apps WHERE account_id = ? AND state = 'building' AND built_at IS NULL AND owner_user IS NOT NULL AND owner_password IS NULL`;
  return select(sql, [account]);
}

/** Sets the password an app's owner will have. */
export async function setOwnerPassword(app: number, password: string): Promise<void> {
  await change('UPDATE apps SET owner_password = ?, owner_shown_at = NULL WHERE id = ?', [password, app]);
}

/** Notes that the owner's password is shown now; false when it has been shown before. */
export async function takeOwnerShow(app: number): Promise<boolean> {
  const sql = 'UPDATE apps SET owner_shown_at = NOW(3) WHERE id = ? AND owner_shown_at IS NULL AND owner_password IS NOT NULL';
  return (await change(sql, [app])).rows === 1;
}

/** Forgets owners' passwords of built apps once they were shown, or after a day. */
export async function forgetOwnerPasswords(): Promise<void> {
  await change(
    `UPDATE apps SET owner_password = NULL WHERE owner_password IS NOT NULL AND built_at IS NOT NULL
       AND (owner_shown_at IS NOT NULL OR built_at < NOW(3) - INTERVAL 1 DAY)`,
  );
}

/** Notes how an app was last seen, so that there is something to say while its host is away. */
export async function noteSeen(app: number, seen: AppRow['lastSeen']): Promise<void> {
  await change('UPDATE apps SET last_seen = ? WHERE id = ? AND last_seen <> ?', [seen, app, seen]);
}

/** Forgets apps that a host has deleted. */
export async function forgetApps(ids: number[]): Promise<void> {
  for (const id of ids) await change(`DELETE FROM apps WHERE id = ? AND state = 'deleting'`, [id]);
}

/** Forgets every app of an account. */
export async function dropAppsOf(account: number): Promise<void> {
  await change('DELETE FROM apps WHERE account_id = ?', [account]);
}
