import { findRoutes } from '../../panel/app.ts';
import { onStage } from './panel.ts';

const { it, stage } = onStage();
const flask = (name: string, more: object = {}) => ({ name, source: { type: 'recipe', recipe: 'flask' }, ...more });

it('another tenant’s names answer the same as missing ones, on every route', async t => {
  const { account, api, job, customerToken, raw } = stage();
  await account('ada');
  await account('bob');
  const app = await api('POST', '/accounts/bob/apps', flask('shop', { database: true }));
  t.is(app.status, 201, app.text);
  await job(app.json.job);
  const token = await customerToken('ada');
  const headers = { Authorization: `Bearer ${token}` };
  t.is((await raw('GET', '/api/v1/accounts/ada', headers)).status, 200);
  const fill = (path: string, names: Record<string, string>) => path.replaceAll(/:(\w+)/g, (_, name: string) => names[name] ?? '1');
  const bobs = { username: 'bob', app: 'shop', name: 'bob_shop', domain: 'bob.example.org', id: app.json.job };
  const nobodys = { username: 'nobody1', app: 'shop', name: 'bob_shop', domain: 'bob.example.org', id: '999999' };
  let checked = 0;
  for (const route of (await findRoutes()).filter(route => route.kind === 'api' && /:(username|id)/.test(route.path))) {
    const type: Record<string, string> = route.method === 'GET' ? {} : { 'Content-Type': 'application/json' };
    const bodies: Record<string, unknown> = {
      databases: { name: 'x' },
      domains: { domain: 'x.example.org', app: 'shop' },
      apps: flask('x'),
    };
    const body = route.method === 'POST' ? (bodies[route.path.split('/').at(-1)!] ?? {}) : {};
    const ask = (names: Record<string, string>) =>
      raw(route.method, fill(route.path, names), { ...headers, ...type }, type['Content-Type'] && JSON.stringify(body));
    const [theirs, missing] = [await ask(bobs), await ask(nobodys)];
    t.deepEqual([theirs.status, theirs.json], [missing.status, missing.json], `${route.method} ${route.path}`);
    t.true([403, 404].includes(theirs.status), `${route.method} ${route.path} answered ${theirs.status}`);
    checked++;
  }
  t.true(checked > 25);
});

it('lists hold only one’s own, and a customer has no say over accounts', async t => {
  const { customerToken, raw } = stage();
  const headers = { Authorization: `Bearer ${await customerToken('ada')}` };
  const names = (await raw('GET', '/api/v1/accounts', headers)).json.items.map((item: { username: string }) => item.username);
  t.deepEqual(names, ['ada']);
  const jobs = (await raw('GET', '/api/v1/jobs', headers)).json.items;
  t.deepEqual([...new Set(jobs.map((job: { account: string }) => job.account))], ['ada']);
  for (const path of ['/plans', '/hosts', '/audit']) t.is((await raw('GET', `/api/v1${path}`, headers)).status, 403, path);
  const wide = await raw(
    'POST',
    '/api/v1/tokens',
    { ...headers, 'Content-Type': 'application/json' },
    '{"name":"x","scopes":["accounts:write"]}',
  );
  t.like(wide, { status: 403, json: { code: 'scope-too-wide' } });
});

it('a domain belongs to one account, in every spelling, above and below', async t => {
  const { api } = stage();
  t.is((await api('POST', '/accounts/bob/domains', { domain: 'Shop.Example.COM.', app: 'shop' })).status, 201);
  await api('POST', '/accounts/ada/apps', flask('blog'));
  for (const domain of ['shop.example.com', 'SHOP.example.com', 'www.shop.example.com', 'a.b.shop.example.com', 'example.com']) {
    const { status, json } = await api('POST', '/accounts/ada/domains', { domain, app: 'blog' });
    t.like({ status, code: json.code, field: json.errors?.[0]?.field }, { status: 409, code: 'domain-taken', field: 'domain' }, domain);
  }
  for (const domain of ['sites.test', 'x.sites.test', 'shop-bob.sites.test', 'sub.localhost']) {
    t.is((await api('POST', '/accounts/ada/domains', { domain, app: 'blog' })).json.code, 'domain-taken', domain);
  }
  for (const domain of ['localhost', '127.0.0.1', '*.example.net', '_', 'x\ny.org']) {
    t.is(
      (await api('POST', '/accounts/ada/domains', { domain, app: 'blog' })).status,
      domain === 'localhost' || domain === '127.0.0.1' ? 422 : 422,
      domain,
    );
  }
  t.is((await api('POST', '/accounts/ada/domains', { domain: 'myshop.example.com', app: 'blog' })).status, 201);
  const opened = await api('POST', '/accounts', {
    username: 'carl',
    email: 'c@example.org',
    plan: 'small',
    domain: 'www.shop.example.com',
  });
  t.like(opened, { status: 409, json: { code: 'domain-taken', errors: [{ field: 'domain' }] } });
  t.is((await api('GET', '/accounts/carl')).status, 404);
});

it('a plan’s limits hold, also for many at once', async t => {
  const { api, account } = stage();
  await account('dora');
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => api('POST', '/accounts/dora/apps', flask(`app${index}`, { database: true }))),
  );
  t.is(answers.filter(answer => answer.status === 201).length, 3);
  t.like(answers.find(answer => answer.status === 422)?.json, { code: 'limit-apps', detail: 'All 3 apps of this plan are in use.' });
  t.is((await api('POST', '/accounts/dora/databases', { name: 'more' })).json.code, 'limit-databases');
});

it('two apps whose names differ by a hyphen get databases of their own', async t => {
  const { api, account } = stage();
  await account('emma');
  const names = [];
  for (const name of ['ab', 'a-b']) names.push((await api('POST', '/accounts/emma/apps', flask(name, { database: true }))).json.database);
  t.deepEqual(names, ['emma_ab', 'emma_ab2']);
});

it('secrets show only when asked for by who may', async t => {
  const { api, job } = stage();
  const put = await api('PUT', '/accounts/bob/apps/shop/env', { GREETING: 'hi', API_KEY: 'canary-1' });
  t.is(put.status, 202, put.text);
  await job(put.json.job);
  t.deepEqual((await api('GET', '/accounts/bob/apps/shop/env')).json, { GREETING: 'hi', API_KEY: null });
  t.is((await api('PUT', '/accounts/bob/apps/shop/env', { GREETING: 'ho', API_KEY: null })).status, 202);
  t.deepEqual((await api('GET', '/accounts/bob/apps/shop/env?reveal=1')).json, { GREETING: 'ho', API_KEY: 'canary-1' });
  const narrow = (await api('POST', '/tokens', { name: 'narrow', scopes: ['apps:read', 'databases:read'] })).json.token;
  const headers = { Authorization: `Bearer ${narrow}` };
  t.is((await api('GET', '/accounts/bob/apps/shop/env?reveal=1', undefined, headers)).status, 403);
  t.is((await api('GET', '/accounts/bob/databases/bob_shop?reveal=1', undefined, headers)).status, 403);
  t.is((await api('GET', '/accounts/bob/databases/bob_shop', undefined, headers)).json.password, null);
  t.is((await api('POST', '/accounts/bob/apps/shop/restart', {}, headers)).status, 403);
});
