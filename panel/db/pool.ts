import { AsyncLocalStorage } from 'node:async_hooks';
import mysql from 'mysql2/promise';
import { Refused } from '../../provisioning/errors.ts';

/** What a value in a statement may be. */
export type Value = string | number | bigint | boolean | Date | Buffer | null;

const MODE = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';
// Two statements, as MariaDB and MySQL name the variable of the isolation level differently.
const SESSION = [
  `SET SESSION sql_mode='${MODE}', time_zone='+00:00', innodb_lock_wait_timeout=20, group_concat_max_len=1000000`,
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
];

/** The transaction that what runs now belongs to. It ends with the commit, also for what was begun inside and goes on after. */
interface Held {
  connection: mysql.PoolConnection;
  live: boolean;
  /** What is to happen once it has been committed. */
  after: (() => void)[];
}
const transaction = new AsyncLocalStorage<Held>();
let pool: mysql.Pool | null = null;

/** Opens the panel's database: strict, utf8mb4, UTC, one statement at a time. Throws when the server is not strict. */
export async function openPool(uri: string, connections = 12): Promise<void> {
  const opened = mysql.createPool({
    uri,
    connectionLimit: connections,
    multipleStatements: false,
    charset: 'utf8mb4_general_ci',
    timezone: 'Z',
    connectTimeout: 10_000,
    maxPreparedStatements: 500,
  });
  opened.pool.on('connection', connection => {
    for (const statement of SESSION) connection.query(statement, error => error && connection.destroy());
  });
  const [rows] = await opened.query<mysql.RowDataPacket[]>(
    'SELECT @@sql_mode AS mode, @@character_set_client AS charset, @@time_zone AS zone',
  );
  const { mode, charset, zone } = rows[0]!;
  if (!String(mode).includes('STRICT_ALL_TABLES') || charset !== 'utf8mb4' || zone !== '+00:00') {
    await opened.end();
    throw new Error('The panel database does not keep to strict mode, utf8mb4 and UTC. Check that the server lets a session set them.');
  }
  pool = opened;
}

/** Closes every connection. */
export async function closePool(): Promise<void> {
  const closing = pool;
  pool = null;
  await closing?.end();
}

/** The callback pool below, for the rate limiter, which speaks no promises. */
export function callbackPool(): unknown {
  return open().pool;
}

function open(): mysql.Pool {
  if (!pool) throw new Error('the panel database is not open');
  return pool;
}

function held(): mysql.PoolConnection | null {
  const store = transaction.getStore();
  return store?.live ? store.connection : null;
}

/** Begins work that outlives the transaction it is begun in, and so must not be part of it. */
export function outside<T>(work: () => T): T {
  return transaction.exit(work);
}

/** Does something as soon as the transaction it is said in has been committed, and not at all when that fails; at once outside of one. */
export function afterCommit(act: () => void): void {
  const store = transaction.getStore();
  if (store?.live) store.after.push(act);
  else act();
}

async function execute<T>(sql: string, values: Value[]): Promise<T> {
  const connection = held() ?? open();
  try {
    const [result] = await connection.execute(sql, values);
    return result as T;
  } catch (error) {
    if (codeOf(error) === 'ER_CANT_AGGREGATE_2COLLATIONS') throw notAscii();
    throw error;
  }
}

// Names are ASCII columns; the server will not even compare them with other text.
function notAscii(): Refused {
  return new Refused('not-ascii', 'This holds characters that no name here has.', 'Use plain letters, digits and hyphens.');
}

/** The rows of a SELECT. */
export function select<T>(sql: string, values: Value[] = []): Promise<T[]> {
  return execute<T[]>(sql, values);
}

/** The first row of a SELECT, or null. */
export async function one<T>(sql: string, values: Value[] = []): Promise<T | null> {
  return (await execute<T[]>(sql, values))[0] ?? null;
}

/** Changes rows; answers how many matched and the new row's id. */
export async function change(sql: string, values: Value[] = []): Promise<{ rows: number; id: number }> {
  const result = await execute<mysql.ResultSetHeader>(sql, values);
  return { rows: result.affectedRows, id: result.insertId };
}

/** Runs all that happens inside in one transaction, again when the server chose it as a deadlock's victim. */
export async function together<T>(work: () => Promise<T>): Promise<T> {
  if (held()) return work();
  for (let attempt = 1; ; attempt++) {
    const connection = await open().getConnection();
    const store: Held = { connection, live: true, after: [] };
    try {
      await connection.beginTransaction();
      const result = await transaction.run(store, work);
      store.live = false;
      await connection.commit();
      for (const act of store.after) act();
      return result;
    } catch (error) {
      store.live = false;
      await connection.rollback().catch(() => connection.destroy());
      if (codeOf(error) !== 'ER_LOCK_DEADLOCK' || attempt === 5) throw error;
    } finally {
      connection.release();
    }
  }
}

/** Holds one connection for work that needs a session of its own, such as GET_LOCK. */
export async function onOneConnection<T>(work: (connection: mysql.PoolConnection) => Promise<T>): Promise<T> {
  const connection = await open().getConnection();
  try {
    return await work(connection);
  } finally {
    connection.release();
  }
}

/** The database's own name for an error, or ''. */
export function codeOf(error: unknown): string {
  return error && typeof error === 'object' && 'code' in error ? String(error.code) : '';
}

const AWAY = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
]);

/** Whether an error says that the database server cannot be reached. */
export function isDatabaseAway(error: unknown): boolean {
  return AWAY.has(codeOf(error)) && !(error instanceof Refused);
}

/** Whether an error says that a unique key is taken, and by which key. */
export function duplicateKey(error: unknown): string | null {
  if (codeOf(error) !== 'ER_DUP_ENTRY') return null;
  return /for key '([^']+)'/.exec((error as Error).message)?.[1]?.replace(/^.*\./, '') ?? '';
}

/** A LIMIT as text: servers differ in what they take as a parameter there. */
export function limitTo(count: number): string {
  return `LIMIT ${Math.max(1, Math.min(1000, Math.trunc(count) || 1))}`;
}
