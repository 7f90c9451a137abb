import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PoolConnection, RowDataPacket } from 'mysql2/promise';
import { onOneConnection } from './pool.ts';

const FOLDER = fileURLToPath(new URL('./migrations/', import.meta.url));
const LOCK = 'berth_migrate';

/** Brings the panel database up to date, one panel at a time; answers the names of what was applied. */
export function migrate(): Promise<string[]> {
  return onOneConnection(async connection => {
    const [[held]] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, 60) AS held', [LOCK]);
    if (held?.held !== 1)
      throw new Error('Another panel has been migrating the database for a minute. Wait for it, then start this one again.');
    try {
      return await applyMissing(connection);
    } finally {
      await connection.query('SELECT RELEASE_LOCK(?)', [LOCK]);
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
