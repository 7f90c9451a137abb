import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { Failed } from '../errors.ts';
import type { DatabaseUser } from '../host.ts';
import { grantPattern, sqlName, sqlText } from '../names.ts';
import type { SqlStatement } from '../steps.ts';

/** What a customer may do in their own database. Not EVENT (it would run while suspended), nothing global. */
const PRIVILEGES = `SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES,
  EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, TRIGGER`;

const account = (user: string) => `${sqlText(user)}@'localhost'`;

/** The SQL of one statement; the only place where it is spelled. Passwords appear in it: never log the result. */
export function render(statement: SqlStatement): string[] {
  switch (statement.sql) {
    case 'create-database':
      // The server's own collation for the character set: drivers compare with it, and a mix of two is an error.
      return [`CREATE DATABASE IF NOT EXISTS ${sqlName(statement.name)} CHARACTER SET utf8mb4`];
    case 'create-user': {
      const secret = sqlText(statement.password.reveal());
      const limits = `WITH MAX_USER_CONNECTIONS ${Math.trunc(statement.maxConnections)}`;
      // CREATE … IF NOT EXISTS keeps an old password silently, so the password is set by ALTER in every case.
      return [
        `CREATE USER IF NOT EXISTS ${account(statement.user)} IDENTIFIED BY ${secret}`,
        `ALTER USER ${account(statement.user)} IDENTIFIED BY ${secret} ${limits}`,
      ];
    }
    case 'grant':
      return [`GRANT ${PRIVILEGES} ON ${grantPattern(statement.database)}.* TO ${account(statement.user)}`];
    case 'lock-user':
      return [`ALTER USER ${account(statement.user)} ACCOUNT LOCK`];
    case 'unlock-user':
      return [`ALTER USER ${account(statement.user)} ACCOUNT UNLOCK`];
    case 'kill-sessions':
      return [`KILL USER ${account(statement.user)}`];
    case 'drop-user':
      return [`DROP USER IF EXISTS ${account(statement.user)}`];
    case 'drop-database':
      return [`DROP DATABASE IF EXISTS ${sqlName(statement.name)}`];
  }
}

interface Rows extends RowDataPacket {
  [column: string]: unknown;
}

/** The customers' database server over one small pool, opened when first asked. */
export function sqlServer(url: () => Promise<string>) {
  let pool: Pool | null = null;
  const server = async () => {
    pool ??= createPool({ uri: await url(), connectionLimit: 4, multipleStatements: false, charset: 'utf8mb4', connectTimeout: 10_000 });
    return pool;
  };
  const rows = async (sql: string, values: unknown[]) => (await (await server()).query<Rows[]>(sql, values))[0];

  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      if (!code) throw error;
      throw new Failed(`The database server said no: ${code}.`, {
        help: 'Check that the database server runs, then try again.',
        lastLines: message.replace(/IDENTIFIED BY '[^']*'/g, '[hidden]'),
      });
    }
  }

  return {
    act: (statement: SqlStatement) =>
      guarded(async () => {
        for (const sql of render(statement)) await (await server()).query(sql);
      }),
    databases: (prefix: string) =>
      guarded(async () => {
        const found = await rows('SELECT schema_name AS name FROM information_schema.schemata WHERE LEFT(schema_name, ?) = ?', [
          prefix.length,
          prefix,
        ]);
        return found.map(row => String(row.name)).sort();
      }),
    users: (prefix: string) => guarded(() => users(rows, prefix)),
    close: async () => pool?.end(),
  };
}

async function users(rows: (sql: string, values: unknown[]) => Promise<Rows[]>, prefix: string): Promise<Record<string, DatabaseUser>> {
  const found: Record<string, DatabaseUser> = {};
  const match = [prefix.length, prefix];
  const known = await rows("SELECT user, priv FROM mysql.global_priv WHERE host = 'localhost' AND LEFT(user, ?) = ?", match);
  for (const row of known) {
    // The driver reads MariaDB's JSON columns by itself, older ones come as text.
    const priv = (typeof row.priv === 'string' ? JSON.parse(row.priv) : row.priv) as {
      authentication_string?: string;
      account_locked?: boolean;
      max_user_connections?: number;
    };
    found[String(row.user)] = {
      hash: priv.authentication_string ?? '',
      locked: priv.account_locked === true,
      maxConnections: priv.max_user_connections ?? 0,
      grants: [],
      sessions: 0,
    };
  }
  const grants = await rows(
    "SELECT user, db FROM mysql.db WHERE host = 'localhost' AND LEFT(user, ?) = ? AND select_priv = 'Y' AND trigger_priv = 'Y' AND event_priv = 'N'",
    match,
  );
  for (const row of grants) found[String(row.user)]?.grants.push(String(row.db).replaceAll('\\_', '_').replaceAll('\\%', '%'));
  const sessions = await rows(
    'SELECT user, COUNT(*) AS n FROM information_schema.processlist WHERE LEFT(user, ?) = ? GROUP BY user',
    match,
  );
  for (const row of sessions) {
    const user = found[String(row.user)];
    if (user) user.sessions = Number(row.n);
  }
  return found;
}
