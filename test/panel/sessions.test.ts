import { brokenEntry } from '../../panel/audit/actions.ts';
import { change, select } from '../../panel/db/pool.ts';
import { csrfOf } from './csrf.ts';
import { ADMIN_PASSWORD, ADMIN_TOKEN, onStage } from './panel.ts';

const { it, stage } = onStage();

/** Posts the sign-in form as a browser does. */
async function signIn(login: string, password: string, headers: Record<string, string> = {}) {
  const { raw, base } = stage();
  const body = new URLSearchParams({ login, password }).toString();
  const type = { 'Content-Type': 'application/x-www-form-urlencoded', 'Sec-Fetch-Site': 'same-origin', Origin: base };
  const answer = await raw('POST', '/sign-in', { ...type, ...headers }, body);
  const set = answer.headers.getSetCookie();
  const cookie = (name: string) => set.find(text => text.startsWith(`${name}=`))?.split(';')[0] ?? '';
  return { answer, set, session: cookie('__Host-berth'), browser: cookie('__Host-berth-browser') };
}

it('a session is opened with a new id, in a cookie that scripts and other sites cannot use', async t => {
  const first = await signIn('admin', ADMIN_PASSWORD);
  t.is(first.answer.status, 302, first.answer.text);
  const text = first.set.find(one => one.startsWith('__Host-berth='))!;
  for (const part of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax']) t.true(text.includes(part), part);
  const csrf = await csrfOf(first.session);
  const second = await signIn('admin', ADMIN_PASSWORD, { Cookie: first.session, 'X-CSRF-Token': csrf });
  t.not(second.session, first.session);
  t.is((await stage().raw('GET', '/api/v1/plans', { Cookie: first.session })).status, 401, 'the id before is over');
  t.is((await stage().raw('GET', '/api/v1/plans', { Cookie: second.session })).status, 200);
  const kept = await select<{ hash: string }>('SELECT hash FROM sessions');
  t.true(
    kept.every(row => !second.session.includes(row.hash)),
    'only hashes are kept',
  );
});

it('what another site asks in a signed-in person’s name is refused', async t => {
  const { raw, base } = stage();
  const { session } = await signIn('admin', ADMIN_PASSWORD);
  const csrf = await csrfOf(session);
  const post = (headers: Record<string, string>, body = '{"name":"evil"}') =>
    raw('POST', '/api/v1/plans', { Cookie: session, 'Content-Type': 'application/json', ...headers }, body);
  const own = { Origin: base, 'Sec-Fetch-Site': 'same-origin', 'X-CSRF-Token': csrf };
  t.is((await post({ ...own, 'X-CSRF-Token': '' })).json.code, 'csrf');
  t.is((await post({ ...own, 'X-CSRF-Token': 'x'.repeat(43) })).json.code, 'csrf');
  t.is((await post({ ...own, Origin: 'https://evil.example' })).json.code, 'cross-site');
  t.is((await post({ ...own, Origin: 'null' })).json.code, 'cross-site');
  t.is((await post({ ...own, 'Sec-Fetch-Site': 'cross-site' })).json.code, 'cross-site');
  t.is((await post({ ...own, 'Sec-Fetch-Site': 'same-site' })).json.code, 'cross-site');
  t.is((await post({ 'X-CSRF-Token': csrf })).json.code, 'no-origin');
  t.is((await post({ ...own, 'Content-Type': 'text/plain' })).status, 415);
  t.is((await select(`SELECT id FROM plans WHERE name = 'evil'`)).length, 0);
  t.is((await post(own, '{"name":"good"}')).status, 201);
  const foreign = await signIn('admin', ADMIN_PASSWORD, { Origin: 'https://evil.example' });
  t.is(foreign.answer.status, 403, 'nobody is signed in by another site');
});

it('a login link works once; suspension ends the session it opened', async t => {
  const { account, api, raw } = stage();
  await account('ada');
  const { json } = await api('POST', '/accounts/ada/login-links');
  t.regex(json.url, /^http:\/\/localhost\/login-links\/[\w-]{43}$/);
  const path = new URL(json.url).pathname;
  const both = await Promise.all([raw('GET', path), raw('GET', path)]);
  t.deepEqual(both.map(answer => answer.status).sort(), [302, 404]);
  const cookie = both
    .find(answer => answer.status === 302)!
    .headers.getSetCookie()[0]!
    .split(';')[0]!;
  t.is((await raw('GET', '/api/v1/accounts/ada', { Cookie: cookie })).status, 200);
  const old = await api('POST', '/accounts/ada/login-links');
  await change('UPDATE login_links SET expires_at = NOW(3) - INTERVAL 1 SECOND');
  t.is((await raw('GET', new URL(old.json.url).pathname)).status, 404);
  await api('POST', '/accounts/ada/suspend', { reason: 'unpaid' });
  t.is((await raw('GET', '/api/v1/accounts/ada', { Cookie: cookie })).status, 401);
  const link = await api('POST', '/accounts/ada/login-links');
  const again = (await raw('GET', new URL(link.json.url).pathname)).headers.getSetCookie()[0]!.split(';')[0]!;
  t.like(
    (await raw('GET', '/api/v1/accounts/ada', { Cookie: again })).json,
    { state: 'suspended', reason: 'unpaid' },
    'who comes back may read why',
  );
  const headers = { Cookie: again, Origin: stage().base, 'X-CSRF-Token': await csrfOf(again), 'Content-Type': 'application/json' };
  for (const path of ['/accounts/ada/databases', '/accounts/ada/apps/x/restart', '/tokens']) {
    t.is((await raw('POST', `/api/v1${path}`, headers, '{"name":"x"}')).status, 403, path);
  }
  await api('POST', '/accounts/ada/unsuspend');
});

it('guessing is slowed down; a browser that signed in before is let in all the same', async t => {
  const known = await signIn('admin', ADMIN_PASSWORD);
  t.truthy(known.browser);
  const tries = [];
  for (let guess = 0; guess < 12; guess++) tries.push((await signIn('admin', `wrong ${guess}`)).answer.status);
  t.is(tries[0], tries[5]);
  t.is(tries.at(-1), 429);
  t.is((await signIn('admin', ADMIN_PASSWORD)).answer.status, 429, 'a stranger is stopped even with the right one');
  t.is((await signIn('admin', ADMIN_PASSWORD, { Cookie: known.browser })).answer.status, 302);
  t.is((await stage().api('GET', '/plans')).status, 200, 'and the token works');
});

it('another password ends what the old one opened', async t => {
  const { api, raw, customerToken } = stage();
  const token = await customerToken('ada');
  t.is((await api('PATCH', '/accounts/ada', { password: 'another password' })).status, 200);
  const [{ n }] = (await select<{ n: number }>(
    `SELECT COUNT(*) AS n FROM sessions s JOIN people p ON p.id = s.person_id WHERE p.login = 'ada'`,
  )) as [{ n: number }];
  t.is(n, 0);
  t.is((await raw('GET', '/api/v1/accounts/ada', { Authorization: `Bearer ${token}` })).status, 401);
  const made = await api('POST', '/tokens', { name: 'short-lived', scopes: ['plans:read'] });
  t.is((await raw('GET', '/api/v1/plans', { Authorization: `Bearer ${made.json.token}` })).status, 200);
  t.is((await api('DELETE', `/tokens/${made.json.id}`)).status, 204);
  t.is((await raw('GET', '/api/v1/plans', { Authorization: `Bearer ${made.json.token}` })).status, 401);
});

it('a forged address of the panel is refused, and forged peers count as what they are', async t => {
  const { raw } = stage();
  const { request } = await import('node:http');
  const status = await new Promise(resolve => {
    request(`${stage().base}/api/v1/plans`, { headers: { Host: 'evil.example' } }, answer => resolve(answer.statusCode)).end();
  });
  t.is(status, 421);
  await raw('GET', '/api/v1/plans', { Authorization: `Bearer ${ADMIN_TOKEN}`, 'X-Forwarded-For': '203.0.113.9' });
  const peers = await select<{ peer: string }>(`SELECT DISTINCT peer FROM audit WHERE peer <> ''`);
  t.deepEqual(
    peers.map(row => row.peer),
    ['127.0.0.1'],
  );
});

it('the audit is one chain: a change anywhere shows', async t => {
  const { api } = stage();
  await Promise.all(Array.from({ length: 10 }, (_, index) => api('POST', '/plans', { name: `plan${index}` })));
  t.is(await brokenEntry(), null);
  const { json } = await api('GET', '/audit?limit=5');
  t.is(json.items.length, 5);
  t.is(json.items[0].beforeHash, json.items[1].hash);
  t.false(JSON.stringify((await api('GET', '/audit?limit=200')).json).includes(ADMIN_PASSWORD));
  await change(`UPDATE audit SET actor = 'somebody else' WHERE id = 3`);
  t.is(await brokenEntry(), 3);
});
