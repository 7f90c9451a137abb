import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PoolConnection, RowDataPacket } from 'mysql2/promise';
import { settings } from '../settings.ts';
import { onOneConnection } from './pool.ts';

const FOLDER = fileURLToPath(new URL('./migrations/', import.meta.url));
/**
 * A database server has one space of lock names for all its users, customers among them. This one comes from the panel's own login, so
 * that nobody else can hold it; panels of one database share it.
 */
export function lockName(): string {
  const { username, password, pathname } = new URL(settings().databaseUrl);
  const secret = JSON.stringify([username, password, pathname]);
  return `berth_migrate_${createHash('sha256').update(secret).digest('hex').slice(0, 40)}`;
}

/** Brings the panel database up to date, one panel at a time; answers the names of what was applied. */
export function migrate(): Promise<string[]> {
  const lock = lockName();
  return onOneConnection(async connection => {
    const [[held]] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, 60) AS held', [lock]);
    if (held?.held !== 1)
      throw new Error('Another panel has been migrating the database for a minute. Wait for it, then start this one again.');
    try {
      return await applyMissing(connection);
    } finally {
      await connection.query('SELECT RELEASE_LOCK(?)', [lock]);
    }
  });
}

async function applyMissing(connection: PoolConnection): Promise<string[]> {
  await connection.query(
    `CREATE TABLE IF NOT EXISTS migrations (
       name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
       applied_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
     ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
  );
  const [rows] = await connection.query<RowDataPacket[]>('SELECT name FROM migrations');
  const applied = new Set(rows.map(row => String(row.name)));
  const missing = migrationNames().filter(name => !applied.has(name));
  for (const name of missing) {
    for (const statement of statements(readFileSync(join(FOLDER, name), 'utf8'))) await connection.query(statement);
    await connection.query('INSERT INTO migrations (name) VALUES (?)', [name]);
  }
  return missing;
}

/** The migrations in the order they are applied. */
export function migrationNames(): string[] {
  return readdirSync(FOLDER)
    .filter(name => /^\d{4}_[a-z_]+\.sql$/.test(name))
    .sort();
}

/** The statements of a migration: each ends in `;` at the end of a line. They must bear being run twice, as DDL cannot be rolled back. */
export function statements(sql: string): string[] {
  return sql
    .replace(/^--.*$/gm, '')
    .split(/;\s*$/m)
    .map(text => text.trim())
    .filter(Boolean);
}
