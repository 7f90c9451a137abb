import { change, limitTo, one, select, type Value } from '../db/pool.ts';
import { type Actor, mine } from '../people/actor.ts';

/** A piece of work on a host, and what became of it. */
export interface Job {
  id: number;
  kind: JobKind;
  title: string;
  accountId: number;
  account: string;
  /** The app or database it is about. */
  subject: string;
  state: 'queued' | 'running' | 'done' | 'failed';
  message: string;
  error: string;
  help: string;
  madeBy: string;
  attempt: number;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

/** The kinds of work there are. */
export type JobKind =
  | `account-${'create' | 'change' | 'suspend' | 'unsuspend' | 'delete'}`
  | `app-${'create' | 'change' | 'restart' | 'stop' | 'start' | 'env' | 'delete'}`
  | `database-${'create' | 'rotate' | 'delete'}`
  | `domain-${'add' | 'delete'}`;

const SELECT = `SELECT j.id, j.kind, j.title, j.account_id AS accountId, a.username AS account, j.subject, j.state, j.message, j.error, j.help,
    j.made_by AS madeBy, j.attempt, j.created_at AS createdAt, j.started_at AS startedAt, j.finished_at AS finishedAt
  FROM jobs j JOIN accounts a ON a.id = j.account_id`;
const VISIBLE = '(? = 1 OR j.account_id = ?)';

/** The job of an id, or null when there is none for this actor. */
export function jobOf(actor: Actor, id: number): Promise<Job | null> {
  return one<Job>(`${SELECT} WHERE ${VISIBLE} AND j.id = ?`, [...mine(actor), id]);
}

/** The jobs of a list of ids that an actor may see. */
export function jobsByIds(actor: Actor, ids: number[]): Promise<Job[]> {
  if (ids.length === 0) return Promise.resolve([]);
  return select<Job>(`${SELECT} WHERE ${VISIBLE} AND j.id IN (${ids.map(() => '?').join(', ')})`, [...mine(actor), ...ids]);
}

/** The jobs an actor may see, newest first. */
export function jobsOf(
  actor: Actor,
  filter: { state?: string; account?: string; subject?: string; after?: number; limit: number },
): Promise<Job[]> {
  const where = [VISIBLE];
  const values: Value[] = [...mine(actor)];
  const narrow = (condition: string, value: Value | undefined) => {
    if (value === undefined) return;
    where.push(condition);
    values.push(value);
  };
  narrow('j.state = ?', filter.state);
  narrow('a.username = ?', filter.account);
  narrow('j.subject = ?', filter.subject);
  narrow('j.id < ?', filter.after);
  return select<Job>(`${SELECT} WHERE ${where.join(' AND ')} ORDER BY j.id DESC ${limitTo(filter.limit)}`, values);
}

/** Adds a job; answers its id. What the account still waits for is tried at once. */
export async function insertJob(job: {
  kind: JobKind;
  accountId: number;
  subject: string;
  title: string;
  madeBy: string;
}): Promise<number> {
  await change(`UPDATE jobs SET run_after = NOW(3) WHERE account_id = ? AND state = 'queued'`, [job.accountId]);
  const sql = 'INSERT INTO jobs (kind, account_id, subject, title, made_by) VALUES (?, ?, ?, ?, ?)';
  return (await change(sql, [job.kind, job.accountId, job.subject, job.title.slice(0, 200), job.madeBy])).id;
}

/** Ends the jobs of an account that have not begun. */
export async function cancelQueued(account: number, why: string): Promise<void> {
  await change(
    `UPDATE jobs SET state = 'failed', error = ?, message = '', finished_at = NOW(3) WHERE account_id = ? AND state = 'queued'`,
    [why, account],
  );
}

/** Whether a job of an account is being worked on. */
export async function hasRunningJob(account: number): Promise<boolean> {
  return (await one(`SELECT id FROM jobs WHERE running_account = ? LIMIT 1`, [account])) !== null;
}

/** Puts a failed job back in the queue; false when it has not failed. */
export async function requeueFailed(id: number): Promise<boolean> {
  const sql = `UPDATE jobs SET state = 'queued', attempt = 0, error = '', help = '', message = '', finished_at = NULL, run_after = NOW(3)
     WHERE id = ? AND state = 'failed'`;
  return (await change(sql, [id])).rows === 1;
}
