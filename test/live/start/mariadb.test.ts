import { readdir, readFile, stat } from 'node:fs/promises';
import test from 'ava';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { Family } from '../../../agent/start/family.ts';
import { layFoundation } from '../../../agent/start/ground.ts';
import * as mysql from '../../../agent/start/mariadb.ts';
import { places } from '../../../agent/start/places.ts';
import { mariadb } from '../../../agent/start/programs.ts';
import { DATABASE_USER } from '../../../provisioning/foundation/spec.ts';
import { place } from './place.ts';

/** Processes that name a folder in their command line; other servers of this machine do not count. */
async function processesOf(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter(line => line.includes(folder));
}

test('the embedded server comes up twice with the same data, lets in two users and nobody else, and leaves no process', async t => {
  const { settings, host, remove } = await place();
  t.teardown(remove);
  const { at } = settings;
  const its = places(at);
  await layFoundation(host, { ...settings.wanted, stacks: [], servers: [] });
  t.false(await mysql.installed(at));
  await mysql.install(at, its, DATABASE_USER);
  t.true(await mysql.installed(at));

  const up = async () => {
    const logins = await mysql.prepare(at, its, DATABASE_USER);
    const family = new Family();
    await family.add(mariadb(settings, its, await mysql.serverArgv(at, its), logins.panel));
    return { family, ...logins };
  };

  const first = await up();
  const panel = await createConnection(mysql.panelUrl(at, first.panel));
  await panel.query('CREATE TABLE kept (id INT PRIMARY KEY)');
  await t.throwsAsync(panel.query('CREATE DATABASE other'), undefined, 'the panel has its one database');
  await panel.end();
  for (const user of ['root', '', 'nobody'])
    await t.throwsAsync(createConnection({ socketPath: at.mysqlSocket, user, password: '' }), undefined, user);
  const admin = await createConnection({ socketPath: at.mysqlSocket, ...first.admin });
  const [users] = await admin.query<RowDataPacket[]>("SELECT User FROM mysql.global_priv WHERE User <> 'mariadb.sys' ORDER BY User");
  t.deepEqual(
    users.map(row => row.User),
    ['berth', 'berthadmin'],
  );
  const [databases] = await admin.query<RowDataPacket[]>("SHOW DATABASES LIKE 'test%'");
  t.deepEqual(databases, []);
  await admin.end();
  for (const path of [at.mysqlAdmin, its.panelLogin]) {
    const { mode, uid } = await stat(path);
    t.deepEqual([mode & 0o777, uid], [0o600, 0], path);
  }
  await first.family.stop(at.cgroup);
  t.deepEqual(await processesOf(at.mysqlData), []);

  const second = await up();
  t.deepEqual(second.panel, first.panel);
  const again = await createConnection(mysql.panelUrl(at, second.panel));
  const [tables] = await again.query<RowDataPacket[]>('SHOW TABLES');
  t.is(tables.length, 1);
  await again.end();
  await second.family.stop(at.cgroup);
});
