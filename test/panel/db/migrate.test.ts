import mysql from 'mysql2/promise';
import { settings } from '../../../panel/settings.ts';
import { onStage } from '../panel.ts';

const { it, stage } = onStage();

it('a customer who holds a lock on the shared server does not keep the panel from starting', async t => {
  t.timeout(20_000);
  const customer = await mysql.createConnection({ uri: settings().databaseUrl });
  t.teardown(() => customer.end());
  await customer.query("SELECT GET_LOCK('berth_migrate', 0)");
  await stage().restart();
  t.is((await stage().raw('GET', '/api/v1/health')).status, 200);
});

it('nobody without the panel’s own login knows the name of its lock, and panels of one database share it', async t => {
  const { lockName } = await import('../../../panel/db/migrate.ts');
  const first = lockName();
  t.is(lockName(), first);
  t.regex(first, /^berth_migrate_[0-9a-f]{40}$/);
  t.true(first.length <= 64, 'a longer name is refused by MySQL');
});

it('what waits for a commit happens after it, and not at all without one', async t => {
  const { afterCommit, together } = await import('../../../panel/db/pool.ts');
  const said: string[] = [];
  await together(async () => {
    await together(async () => afterCommit(() => said.push('rung')));
    said.push('written');
  });
  t.deepEqual(said, ['written', 'rung']);
  const failing = together(async () => {
    afterCommit(() => said.push('never'));
    throw new Error('rolled back');
  });
  await t.throwsAsync(failing, { message: 'rolled back' });
  afterCommit(() => said.push('outside'));
  t.deepEqual(said, ['written', 'rung', 'outside']);
});
