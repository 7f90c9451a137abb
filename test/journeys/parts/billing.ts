import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { cookies } from '../ask.ts';
import { php } from '../billing/php.ts';
import { processesOf } from '../customer.ts';
import type { Story, Tell } from './story.ts';

interface Client {
  style: 'fossbilling' | 'paymenter' | 'blesta';
  user: string;
  renamed: string;
  domain: string;
  packages: [string, string];
  /** How this client moves an account to another package. */
  move(user: string, to: string): [string, Record<string, string>];
}

const clients: Client[] = [
  {
    ...{ style: 'fossbilling', user: 'fossil7', renamed: 'fossil8', domain: 'fossil.example', packages: ['root_Small', 'root_Big Plan'] },
    move: (user, pkg) => ['changepackage', { user, pkg }],
  },
  {
    ...{ style: 'paymenter', user: 'paymenterabcdefg', renamed: 'payer2', domain: 'payer.example', packages: ['Pay Small', 'Pay Big'] },
    move: (user, plan) => ['modifyacct', { user, plan }],
  },
  {
    ...{ style: 'blesta', user: 'blestaa1', renamed: 'blestaa2', domain: 'blesta.example', packages: ['bl_one', 'bl_two'] },
    move: (user, pkg) => ['changepackage', { user, pkg }],
  },
];

const record = async (name: string) => JSON.parse(await readFile(`/etc/userdb/${name}.user`, 'utf8'));

/** One client's whole life with an account, looked at on the host after every step. */
async function life(t: ExecutionContext<Story>, { berth }: Story, client: Client): Promise<void> {
  const { style, user, renamed, domain, packages } = client;
  const port = berth.env.BERTH_WHM_PORT ?? '';
  const call = (fn: string, fields: Record<string, string> = {}) => php('clients', style, port, berth.token, fn, fields);
  await call(style === 'paymenter' ? 'listaccts' : 'version');
  for (const [at, name] of packages.entries()) {
    await call('addpkg', { name, quota: String(1000 * (at + 1)), bwlimit: '100000', maxsql: '2', maxaddon: '2' });
    t.true((await call('listpkgs')).package.some((row: { name: string }) => row.name === name));
  }
  const password: Record<string, string> = style === 'paymenter' ? {} : { password: 'a-good-password-1' };
  await call('createacct', { username: user, domain, contactemail: `${style}@b.example`, plan: packages[0], ...password });
  const home = join(berth.env.BERTH_HOMES ?? '', user);
  const { uid } = await record(user);
  await access(home);

  const session = await call('create_user_session', { user, service: 'cpaneld', ...(style === 'paymenter' ? {} : { 'api.version': '1' }) });
  const link = new URL(session.url ?? session.data.url);
  const entered = await fetch(`http://127.0.0.1:${berth.panelPort}${link.pathname}`, { redirect: 'manual' });
  t.regex(cookies({ headers: { 'set-cookie': entered.headers.getSetCookie() } } as never), /__Host-berth=/, `${entered.status}`);

  const seen = await call('listaccts', { searchtype: 'user', search: `${user.slice(0, 6)}(.*)` });
  t.like((seen.acct ?? seen.data.acct)[0], { user, domain, disklimit: '1000M' });
  await call(...client.move(user, packages[1]));
  if (style !== 'paymenter') {
    t.like((await call('accountsummary', { user })).acct[0], { disklimit: '2000M', plan: packages[1] });
    t.is((await call('showbw', { search: user, searchtype: 'user' })).bandwidth[0].acct[0].user, user);
    await call('passwd', { user, pass: 'another-good-password' });
  }
  await call('suspendacct', { user, reason: 'unpaid' });
  t.is((await record(user)).shell, '/usr/sbin/nologin');
  t.deepEqual(await processesOf(uid), []);
  await call('unsuspendacct', { user });
  t.is((await record(user)).shell, '/bin/bash');
  await call('modifyacct', { user, newuser: renamed });
  t.is((await record(renamed)).uid, uid, 'the host knows it by the new name too');
  await call('removeacct', { user: renamed });
  await t.throwsAsync(access(home));
  for (const name of [user, renamed]) await t.throwsAsync(record(name));
  await t.throwsAsync(call('suspendacct', { user: renamed }), undefined, 'what is gone cannot be suspended');
}

/** The WHMCS module: its functions as WHMCS calls them. */
async function whmcs(t: ExecutionContext<Story>, { berth }: Story): Promise<void> {
  const service = { serviceid: 41, username: 'whmcsacc', password: 'a-good-password-1', domain: 'whmcs.example', configoption1: 'roomy' };
  const fields = { ...service, clientsdetails: { email: 'w@b.example' } };
  const call = (fn: string, more: object = {}) => php('modules', 'whmcs', berth.panelPort, berth.token, fn, { ...fields, ...more });
  t.true((await call('TestConnection')).success);
  t.is(await call('CreateAccount'), 'success');
  t.is(await call('CreateAccount'), 'success', 'a second click finds the first one’s account');
  await t.throwsAsync(call('CreateAccount', { serviceid: 42, domain: 'other.example' }), { message: /already has an account/ });
  t.regex((await call('ServiceSingleSignOn')).redirectTo, /login-links/);
  t.is(await call('SuspendAccount', { suspendreason: 'unpaid' }), 'success');
  t.is((await record('whmcsacc')).shell, '/usr/sbin/nologin');
  t.is(await call('UnsuspendAccount'), 'success');
  t.true((await call('ListAccounts')).accounts.some((row: { username: string }) => row.username === 'whmcsacc'));
  t.is(await call('TerminateAccount'), 'success');
  t.is(await call('TerminateAccount'), 'success');
  await t.throwsAsync(record('whmcsacc'));
}

/** The FOSSBilling manager: its methods as FOSSBilling calls them. */
async function fossbilling(t: ExecutionContext<Story>, { berth }: Story): Promise<void> {
  const account = { username: 'fossman', domain: 'fossman.example', password: 'a-good-password-1', email: 'f@b.example', package: 'Roomy' };
  const call = (fn: string, more: object = {}) => php('modules', 'fossbilling', berth.panelPort, berth.token, fn, { ...account, ...more });
  t.true(await call('testConnection'));
  t.true(await call('createAccount'));
  t.true(await call('suspendAccount', { note: 'unpaid' }));
  t.true((await call('synchronizeAccount')).suspended);
  t.true(await call('unsuspendAccount'));
  t.true(await call('changeAccountPassword', { to: 'another-good-one' }));
  t.true(await call('changeAccountUsername', { to: 'fossman2' }));
  t.true(await call('cancelAccount', { username: 'fossman2' }));
  await t.throwsAsync(record('fossman'));
}

/** Billing systems, each from the first test of the connection to the removal of the account. */
export function billingJourney(test: Tell, story: () => Story): void {
  for (const client of clients) {
    test.serial(`billing: an account's life as ${client.style} leads it`, async t => {
      t.timeout(120_000);
      await life(t, story(), client);
    });
  }
  test.serial('billing: the module for WHMCS', async t => {
    t.timeout(60_000);
    const made = await story().berth.api('POST', '/plans', { name: 'roomy', limits: {} });
    t.is(made.status, 201, made.text);
    await whmcs(t, story());
  });
  test.serial('billing: the server manager for FOSSBilling', async t => {
    t.timeout(60_000);
    await fossbilling(t, story());
  });
}
