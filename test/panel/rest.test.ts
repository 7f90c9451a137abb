import { randomUUID } from 'node:crypto';
import { findRoutes } from '../../panel/app.ts';
import { select } from '../../panel/db/pool.ts';
import { onStage } from './panel.ts';

const { it, stage } = onStage();
const ada = { username: 'ada', email: 'ada@example.org', plan: 'small' };

it('a plan and an account are made, and a job makes the account on the host', async t => {
  const { api, job, agent } = stage();
  const plan = await api('POST', '/plans', { name: 'small', limits: { memoryMb: 256 } });
  t.is(plan.status, 201, plan.text);
  t.like(plan.json, { name: 'small', limits: { memoryMb: 256, apps: 3 } });
  const made = await api('POST', '/accounts', ada);
  t.is(made.status, 201, made.text);
  t.like(made.json, { username: 'ada', state: 'building', uid: 200_000, host: 'local' });
  t.is(typeof made.json.job, 'string');
  t.like(await job(made.json.job), { state: 'done', account: 'ada' });
  t.is((await api('GET', '/accounts/ada')).json.state, 'active');
  const put = agent.heard.find(one => one.method === 'PUT');
  t.like(put?.manifest, { generation: 1, account: { name: 'ada', uid: 200_000, state: 'active', limits: { memoryMb: 256 } } });
});

it('twenty requests with one key open one account; the same key with another body is refused', async t => {
  const { api } = stage();
  const key = { 'Idempotency-Key': randomUUID() };
  const body = { username: 'grace', email: 'g@example.org', plan: 'small' };
  const answers = await Promise.all(Array.from({ length: 20 }, () => api('POST', '/accounts', body, key)));
  t.deepEqual([...new Set(answers.map(answer => answer.text))].length, 1);
  t.true(answers.every(answer => answer.status === 201));
  t.is((await select(`SELECT id FROM accounts WHERE username = 'grace'`)).length, 1);
  const other = await api('POST', '/accounts', { ...body, email: 'x@example.org' }, key);
  t.is(other.status, 422);
  t.like(other.json, { code: 'idempotency-key-reused', errors: [{ field: 'Idempotency-Key' }] });
  const kept = await select<{ answer: string }>('SELECT answer FROM idempotency_keys');
  t.true(
    kept.every(row => !row.answer.includes('password')),
    'what is kept is sealed',
  );
});

it('fifty parallel requests for one name open one account, and no number is used twice', async t => {
  const { api } = stage();
  const body = { username: 'linus', email: 'l@example.org', plan: 'small' };
  const answers = await Promise.all(Array.from({ length: 50 }, () => api('POST', '/accounts', body)));
  const statuses = answers.map(answer => answer.status).sort();
  t.deepEqual([statuses.filter(status => status === 201).length, statuses.filter(status => status === 409).length], [1, 49]);
  const rows = await select<{ uid: number }>('SELECT uid FROM accounts');
  t.is(new Set(rows.map(row => row.uid)).size, rows.length);
  t.is((await select(`SELECT id FROM people WHERE login = 'linus'`)).length, 1);
});

it('wrong requests name the field and the remedy, and change nothing', async t => {
  const { api, raw } = stage();
  const count = async () =>
    (
      await select<{ n: number }>('SELECT (SELECT COUNT(*) FROM accounts) + (SELECT COUNT(*) FROM jobs) + (SELECT COUNT(*) FROM apps) AS n')
    )[0]!.n;
  const before = await count();
  const names = ['a;b', '1234', 'Alice', '-x', 'root', 'mysql', 'x'.repeat(33), 'abc\n', 'аda', '__proto__', ''];
  for (const username of names) {
    const { status, json } = await api('POST', '/accounts', { ...ada, username });
    t.is(status, 422, username);
    t.like(json.errors[0], { field: 'username' }, username);
    t.truthy(json.errors[0].message && json.help, username);
  }
  const cases: [string, string, unknown, string][] = [
    ['POST', '/accounts', { ...ada, username: 'newone', plan: 'huge' }, 'plan'],
    ['POST', '/accounts', { ...ada, username: 'newone', email: 'nobody' }, 'email'],
    ['POST', '/accounts', { ...ada, username: 'newone', color: 'red' }, 'color'],
    ['POST', '/accounts', { username: 'newone', email: 'a@example.org' }, 'plan'],
    ['POST', '/accounts', { ...ada, username: 'newone', host: 'moon' }, 'host'],
    ['POST', '/accounts', [], 'body'],
    ['POST', '/accounts/ada/apps', { name: 'Blog', source: { type: 'recipe', recipe: 'flask' } }, 'name'],
    ['POST', '/accounts/ada/apps', { name: 'blog', source: { type: 'recipe', recipe: 'nothing' } }, 'source.recipe'],
    ['POST', '/accounts/ada/apps', { name: 'blog', source: { type: 'git', url: 'https://example.org/x' } }, 'source.type'],
    [
      'POST',
      '/accounts/ada/apps',
      { name: 'blog', source: { type: 'recipe', recipe: 'flask', answers: { nope: 'x' } } },
      'source.answers.nope',
    ],
    [
      'POST',
      '/accounts/ada/apps',
      { name: 'blog', source: { type: 'recipe', recipe: 'flask' }, env: { LD_PRELOAD: 'x' } },
      'env.LD_PRELOAD',
    ],
    ['DELETE', '/accounts/ada', {}, 'confirm'],
    ['GET', '/accounts?limit=nine', undefined, 'limit'],
  ];
  for (const [method, path, body, field] of cases) {
    const { status, json, headers } = await api(method, path, body);
    t.is(status, 422, `${method} ${path} ${JSON.stringify(body)}`);
    t.regex(headers.get('content-type') ?? '', /^application\/problem\+json/);
    t.is(json.errors[0]?.field, field, JSON.stringify(json));
    t.truthy(json.detail && json.help && json.errors[0].message && json.code);
  }
  t.is((await api('POST', '/accounts/ada/apps', { name: 'blog', source: { type: 'archive' } })).json.code, 'source-not-available-yet');
  const auth = { Authorization: 'Bearer a-token-for-the-tests', 'Content-Type': 'application/json' };
  const broken = await raw('POST', '/api/v1/accounts', auth, '{"username": "x",');
  t.is(broken.status, 400);
  t.like(broken.json, { code: 'broken-body', errors: [{ field: 'body' }] });
  t.is((await raw('POST', '/api/v1/accounts', { ...auth, 'Content-Type': 'text/plain' }, '{}')).status, 415);
  t.is((await raw('GET', '/api/v1/plans', { Authorization: 'Bearer wrong' })).status, 401);
  t.is(await count(), before);
});

it('every route without credentials answers 401 or 404 and changes nothing', async t => {
  const { raw } = stage();
  const tables = ['plans', 'accounts', 'apps', '`databases`', 'domains', 'jobs', 'tokens', 'people', 'audit', 'sessions', 'hosts'];
  const count = async () => (await select(`SELECT ${tables.map(table => `(SELECT COUNT(*) FROM ${table})`).join(', ')}`))[0];
  const before = await count();
  const routes = await findRoutes();
  t.true(routes.length > 35);
  for (const route of routes.filter(route => route.policy !== 'public')) {
    const path = route.path.replaceAll(':username', 'ada').replaceAll(/:\w+/g, '1');
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const json: Record<string, string> = ['GET', 'HEAD'].includes(method)
        ? {}
        : { 'Content-Type': 'application/json', Origin: stage().base };
      const { status, headers } = await raw(method, path, json, json.Origin ? '{}' : undefined);
      const toSignIn = status === 302 && headers.get('location')?.startsWith('/sign-in');
      t.true([401, 404, 405, 415].includes(status) || toSignIn, `${method} ${path} answered ${status}`);
    }
  }
  t.deepEqual(await count(), before);
});

it('the OpenAPI document holds every API route, and the health check needs no token', async t => {
  const { raw } = stage();
  t.like((await raw('GET', '/api/v1/health')).json, { status: 'ok', hosts: { online: 1, total: 1 } });
  const { json } = await raw('GET', '/api/v1/openapi.json');
  t.is(json.openapi, '3.1.0');
  for (const route of (await findRoutes()).filter(route => route.kind === 'api')) {
    const operation = json.paths[route.path.replace(/:(\w+)/g, '{$1}')]?.[route.method.toLowerCase()];
    t.truthy(operation?.responses, `${route.method} ${route.path}`);
  }
  t.is(json.paths['/api/v1/plans'].post.requestBody.content['application/json'].schema.properties.limits.type, 'object');
});

it('lists are paged by key', async t => {
  const { api } = stage();
  const first = (await api('GET', '/accounts?limit=2')).json;
  t.deepEqual(
    first.items.map((item: { username: string }) => item.username),
    ['ada', 'grace'],
  );
  const second = (await api('GET', first.next.replace('/api/v1', ''))).json;
  t.deepEqual([second.items.map((item: { username: string }) => item.username), second.next], [['linus'], null]);
});

it('the document can be read: every API operation is on the page', async t => {
  const { raw, api } = stage();
  const page = await raw('GET', '/docs');
  t.is(page.status, 200);
  const { paths } = (await api('GET', '/openapi.json')).json;
  for (const [path, methods] of Object.entries(paths as Record<string, object>)) {
    for (const method of Object.keys(methods))
      t.true(page.text.includes(`${method.toUpperCase()} ${path.replace('/api/v1', '')}`), `${method} ${path}`);
  }
  t.is((await raw('GET', '/api/v1/docs')).headers.get('location'), '/docs');
});
