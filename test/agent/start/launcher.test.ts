import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import test from 'ava';
import { inCgroup, readStat } from '../../../agent/start/leftovers.ts';
import { takeLock } from '../../../agent/start/lock.ts';
import { ChildLog } from '../../../agent/start/log.ts';
import { initSql } from '../../../agent/start/mariadb.ts';
import { places } from '../../../agent/start/places.ts';
import { readSettings } from '../../../agent/start/settings.ts';
import { readProgress } from '../../../agent/start/sign-in.ts';
import { Refused } from '../../../provisioning/errors.ts';
import { layout } from '../../../provisioning/layout.ts';
import { sum, summary, tapReader } from '../../tap.ts';

async function ownFolder(): Promise<{ folder: string; at: ReturnType<typeof layout> }> {
  const folder = await mkdtemp('/tmp/bs-');
  return { folder, at: layout({ state: folder, run: `${folder}/run`, homes: '/home', code: '/opt/berth', cgroup: 'berth' }) };
}

test('a wrong setting is named, with what would make it right', t => {
  const wrong = { BERTH_PANEL_PORT: '80000', BERTH_STATE: 'var/lib', BERTH_RUN: `/run/${'x'.repeat(70)}`, BERTH_CGROUP: '../root' };
  for (const [name, value] of Object.entries(wrong)) {
    t.throws(() => readSettings({ [name]: value }), { instanceOf: Refused, message: new RegExp(`^${name} cannot be used: `) }, name);
  }
});

test('with nothing set, everything has its default; mirrors reach pip', t => {
  const settings = readSettings({ BERTH_PIP_INDEX_URL: 'https://mirror.example.org/simple', HOME: '/root' });
  t.is(settings.BERTH_PANEL_PORT, 8000);
  t.is(settings.BERTH_SITES_PORT, 8080);
  t.is(settings.at.state, '/var/lib/berth');
  t.true(settings.wanted.embeddedDatabase);
  t.deepEqual(settings.wanted.pipEnvironment, { PIP_INDEX_URL: 'https://mirror.example.org/simple' });
  t.false(readSettings({ BERTH_DATABASE_URL: 'mysql://a', BERTH_MYSQL_URL: 'mysql://b' }).wanted.embeddedDatabase);
  t.true(readSettings({ BERTH_DATABASE_URL: 'mysql://a' }).wanted.embeddedDatabase);
});

test('one launcher a host; the place is free again afterwards, and a dead one does not hold it', async t => {
  const { folder, at } = await ownFolder();
  t.teardown(() => rm(folder, { recursive: true }));
  const its = places(at);
  const giveBack = await takeLock(at, its);
  await t.throwsAsync(takeLock(at, its), { instanceOf: Refused, message: /already running/ });
  await giveBack();
  await (await takeLock(at, its))();
});

test('the first sign-in survives a start cut short, readable by its owner only', async t => {
  const { folder, at } = await ownFolder();
  t.teardown(() => rm(folder, { recursive: true }));
  const its = places(at);
  const first = await readProgress(readSettings({}), its);
  t.deepEqual(await readProgress(readSettings({}), its), first);
  t.is((await stat(its.progress)).mode & 0o777, 0o600);
});

test('a log keeps two files and remembers the last lines', async t => {
  const { folder } = await ownFolder();
  t.teardown(() => rm(folder, { recursive: true }));
  const log = new ChildLog(`${folder}/child.log`);
  for (let count = 0; count < 100; count++) log.take(`${'x'.repeat(100_000)}\n`);
  log.take('one\ntw');
  log.take('o\nrest');
  t.true(log.lastLines().endsWith('one\ntwo\nrest'));
  for (const name of ['child.log', 'child.log.1']) t.true((await stat(`${folder}/${name}`)).size <= 4 * 1024 * 1024, name);
  t.regex(await readFile(`${folder}/child.log`, 'utf8'), /^\d{4}-\d\d-\d\dT[\d:.]+Z two$/m);
});

test('processes are found by session and control group, whatever they call themselves', t => {
  t.deepEqual(readStat('12 (a) b) S 1 12 11 0 -1'), { session: 11, alive: true });
  t.deepEqual(readStat('12 ((x) Z 1) Z 1 12 11 0 -1'), { session: 11, alive: false });
  t.is(readStat(''), null);
  t.true(inCgroup('4:memory:/berth/ada/blog\n0::/\n', 'berth'));
  t.true(inCgroup('0::/user.slice/berth', 'berth'));
  t.false(inCgroup('4:memory:/berth-test/ada\n', 'berth'));
});

test('the database server is told one statement a line, with passwords quoted', t => {
  const sql = initSql({ user: 'berthadmin', password: "a'b\\" }, { user: 'berth', password: 'c' });
  for (const line of sql.trim().split('\n')) t.regex(line, /;$/);
  t.true(sql.includes("IDENTIFIED BY 'a\\'b\\\\'"));
});

test('TAP is counted, and the last line says it all', t => {
  const said: string[] = [];
  const { take, tally } = tapReader(line => said.push(line));
  take('TAP version 13\nok 1 - a\nnot ok 2 - b\n  ---\n    name: AssertionError\n  ...\nok 3 - c # SK');
  take('IP\nok 4 - d # TODO\n1..4\n');
  t.deepEqual(tally, { passed: 1, failed: 1, skipped: 2 });
  t.true(said.some(line => line.includes('AssertionError')));
  t.is(summary(sum([tally, tally])), '2 passed, 2 failed, 4 skipped');
});
