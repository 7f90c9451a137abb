import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'mysql2/promise';
import { Failed } from '../../provisioning/errors.ts';
import type { Layout } from '../../provisioning/layout.ts';
import { sqlText } from '../../provisioning/names.ts';
import type { Places } from './places.ts';

/** Who runs the embedded server: Berth's own user on a host, nobody in particular on a laptop. */
export type Owner = { uid: number; gid: number } | null;

/** A sign-in to the embedded server. */
export interface Login {
  user: string;
  password: string;
}

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** Reads a sign-in, or makes one up and keeps it where only the owner of the state can read it. */
async function login(path: string, user: string): Promise<Login> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text !== null) return JSON.parse(text) as Login;
  const made = { user, password: newPassword() };
  await writeFile(`${path}.new`, `${JSON.stringify(made)}\n`, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
  return made;
}

/** What the server is told at every start, so that a start cut short at any point is made whole by the next one. */
export function initSql(admin: Login, panel: Login): string {
  const name = ({ user }: Login) => `${sqlText(user)}@'localhost'`;
  const user = (who: Login) => [
    `CREATE USER IF NOT EXISTS ${name(who)} IDENTIFIED BY ${sqlText(who.password)};`,
    `ALTER USER ${name(who)} IDENTIFIED BY ${sqlText(who.password)};`,
  ];
  return [
    ...user(admin),
    `GRANT ALL PRIVILEGES ON *.* TO ${name(admin)} WITH GRANT OPTION;`,
    'CREATE DATABASE IF NOT EXISTS `berth` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;',
    ...user(panel),
    `GRANT ALL PRIVILEGES ON \`berth\`.* TO ${name(panel)};`,
    // Whoever made the data folder got a sign-in of their own; only the two above are wanted.
    "DROP USER IF EXISTS 'root'@'localhost', 'berthdb'@'localhost', ''@'localhost';",
    'DROP DATABASE IF EXISTS `test`;',
    "DELETE FROM mysql.db WHERE Db = 'test' OR Db = 'test\\\\_%';",
    'FLUSH PRIVILEGES;',
    '',
  ].join('\n');
}

/** Small enough for a host of 1 GB; strict about what it stores; no port. */
function serverOptions(at: Layout, its: Places): string[] {
  return [
    '--no-defaults',
    `--datadir=${at.mysqlData}`,
    `--socket=${at.mysqlSocket}`,
    `--pid-file=${its.mysqlPid}`,
    `--tmpdir=${its.mysqlTemp}`,
    `--init-file=${its.mysqlInit}`,
    '--skip-networking',
    '--skip-name-resolve',
    '--local-infile=0',
    '--symbolic-links=0',
    '--character-set-server=utf8mb4',
    '--collation-server=utf8mb4_unicode_ci',
    '--sql-mode=STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION',
    '--max-connections=300',
    '--innodb-buffer-pool-size=96M',
    '--innodb-log-file-size=48M',
    '--key-buffer-size=4M',
    '--aria-pagecache-buffer-size=8M',
    '--performance-schema=OFF',
  ];
}

/** Where a program of MariaDB's is; services' folders are not on everybody's PATH. Null when it is not installed. */
export async function find(name: 'mariadbd' | 'mariadb-install-db'): Promise<string | null> {
  const folders = ['/usr/sbin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin', '/opt/homebrew/opt/mariadb/bin'];
  for (const folder of folders) {
    const path = `${folder}/${name}`;
    if (await stands(path)) return path;
  }
  return null;
}

/** The program and its arguments. */
export async function serverArgv(at: Layout, its: Places): Promise<string[]> {
  return [(await find('mariadbd')) ?? 'mariadbd', ...serverOptions(at, its)];
}

function runToEnd(program: string, args: string[], owner: Owner): Promise<void> {
  return new Promise((done, fail) => {
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };
    const child = spawn(program, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...owner });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', piece => {
        said = (said + piece).slice(-2000);
      });
    }
    child.on('error', fail);
    child.on('close', code => {
      if (code === 0) done();
      else
        fail(
          new Failed(`The database server's data folder could not be made (${program} ended with ${code}).`, { lastLines: said.trim() }),
        );
    });
  });
}

async function emptyFolder(path: string, owner: Owner): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (owner) await chown(path, owner.uid, owner.gid);
}

function stands(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Whether the embedded server's data folder was made whole. */
export function installed(at: Layout): Promise<boolean> {
  return stands(`${at.mysqlData}/mysql`);
}

/** Makes the data folder aside and puts it into place in one rename, so that a half-made one is never used. */
export async function install(at: Layout, its: Places, owner: Owner): Promise<void> {
  await emptyFolder(its.mysqlStaging, owner);
  await emptyFolder(its.mysqlTemp, owner);
  const args = [
    '--no-defaults',
    `--datadir=${its.mysqlStaging}`,
    `--tmpdir=${its.mysqlTemp}`,
    '--auth-root-authentication-method=socket',
    '--skip-test-db',
    '--skip-name-resolve',
    '--innodb-log-file-size=48M',
  ];
  await runToEnd((await find('mariadb-install-db')) ?? 'mariadb-install-db', args, owner);
  await rename(its.mysqlStaging, at.mysqlData);
}

/** Lays out what the server reads whenever it starts, and gives the two sign-ins it will accept. */
export async function prepare(at: Layout, its: Places, owner: Owner): Promise<{ admin: Login; panel: Login }> {
  const admin = await login(at.mysqlAdmin, 'berthadmin');
  const panel = await login(its.panelLogin, 'berth');
  await emptyFolder(its.mysqlTemp, owner);
  await rm(its.mysqlInit, { force: true });
  await rm(at.mysqlSocket, { force: true });
  await writeFile(its.mysqlInit, initSql(admin, panel), { mode: 0o600, flag: 'wx' });
  if (owner) await chown(its.mysqlInit, owner.uid, owner.gid);
  return { admin, panel };
}

/** Signs in: the socket listens before the server has read what it is told at its start. */
export async function answers(at: Layout, { user, password }: Login): Promise<void> {
  const connection = await createConnection({ socketPath: at.mysqlSocket, user, password, connectTimeout: 5000 });
  await connection.query('SELECT 1');
  await connection.end();
}

/** The address of the panel's database in the embedded server. */
export function panelUrl(at: Layout, { user, password }: Login): string {
  return `mysql://${user}:${encodeURIComponent(password)}@localhost/berth?socketPath=${encodeURIComponent(at.mysqlSocket)}`;
}
