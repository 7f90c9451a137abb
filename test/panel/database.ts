import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';

/** A private MariaDB that listens on a socket in a temporary folder only. */
export interface TestDatabase {
  uri: string;
  stop(): Promise<void>;
}

/** Why there can be no private MariaDB on this machine, or null when there can. */
export function missingDatabase(): string | null {
  for (const program of ['/usr/sbin/mariadbd', '/usr/bin/mariadb-install-db']) {
    if (!existsSync(program)) return `${program} is missing (apt-get install mariadb-server-core)`;
  }
  return null;
}

const LIGHT = [
  '--skip-networking',
  '--innodb-buffer-pool-size=32M',
  '--innodb-flush-log-at-trx-commit=0',
  '--skip-innodb-doublewrite',
  '--skip-log-bin',
];

/** Starts a private MariaDB with an empty database named berth. */
export async function startDatabase(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-panel-'));
  const socket = join(folder, 'sock');
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  const made = spawnSync(
    '/usr/bin/mariadb-install-db',
    ['--no-defaults', ...user, `--datadir=${folder}/data`, '--auth-root-authentication-method=normal', '--skip-test-db'],
    // A temporary folder of its own: two servers being installed at once would take each other's tables.
    { encoding: 'utf8', env: { ...process.env, TMPDIR: folder } },
  );
  if (made.status !== 0) throw new Error(`mariadb-install-db: ${made.stdout}${made.stderr}`);
  const server = spawn(
    '/usr/sbin/mariadbd',
    ['--no-defaults', ...user, `--datadir=${folder}/data`, `--socket=${socket}`, `--log-error=${folder}/log`, ...LIGHT],
    { stdio: 'ignore', env: { ...process.env, TMPDIR: folder } },
  );
  await createDatabase(socket);
  return {
    uri: `mysql://root@localhost/berth?socketPath=${socket}`,
    async stop() {
      await ended(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function createDatabase(socketPath: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const connection = await mysql.createConnection({ socketPath, user: 'root' });
      await connection.query('CREATE DATABASE berth CHARACTER SET utf8mb4');
      return await connection.end();
    } catch (error) {
      if (attempt === 150) throw error;
      await sleep(100);
    }
  }
}

async function ended(server: ChildProcess): Promise<void> {
  const exit = new Promise(resolve => server.once('exit', resolve));
  server.kill('SIGTERM');
  const slow = setTimeout(() => server.kill('SIGKILL'), 10_000);
  await exit;
  clearTimeout(slow);
}
