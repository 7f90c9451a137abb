import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { type Answer, onStage } from './panel.ts';

const { it, stage } = onStage();

/** What one operation is given so that it succeeds, in the order in which operations can. `{x}` are names found on the way. */
interface Call {
  path?: Record<string, string>;
  query?: string;
  body?: object;
  /** Another answer than the document's own status, where the stage cannot give that one. */
  status?: number;
  /** Read as text, not as JSON. */
  text?: boolean;
}

const ada = { username: 'ada' };
const blog = { ...ada, app: 'blog' };
const CALLS: Record<string, Call> = {
  'GET /health': {},
  'GET /openapi.json': {},
  'POST /plans': { body: { name: 'doc-plan', limits: { memoryMb: 256 } } },
  'GET /plans': { query: 'limit=1' },
  'GET /plans/{name}': { path: { name: 'doc-plan' } },
  'PATCH /plans/{name}': { path: { name: 'doc-plan' }, body: { limits: { databases: 9 } } },
  'POST /accounts': { body: { username: 'opened', email: 'o@example.org', plan: 'small', externalId: 'x-1' } },
  'GET /accounts': { query: 'limit=2&state=active' },
  'GET /accounts/{username}': { path: ada },
  'PATCH /accounts/{username}': { path: ada, body: { email: 'ada2@example.org' } },
  'POST /accounts/{username}/login-links': { path: ada },
  'GET /accounts/{username}/usage': { path: ada, status: 200 },
  'GET /usage': {},
  'GET /catalog': {},
  'GET /catalog/{recipe}': { path: { recipe: 'flask' } },
  'POST /accounts/{username}/apps': { path: ada, body: { name: 'late', source: { type: 'recipe', recipe: 'flask' } } },
  'GET /accounts/{username}/apps': { path: ada },
  'GET /accounts/{username}/apps/{app}': { path: blog },
  'PATCH /accounts/{username}/apps/{app}': { path: blog, body: { mode: 'always-on' } },
  'POST /accounts/{username}/apps/{app}/restart': { path: blog },
  'POST /accounts/{username}/apps/{app}/stop': { path: blog },
  'POST /accounts/{username}/apps/{app}/start': { path: blog },
  'PUT /accounts/{username}/apps/{app}/env': { path: blog, body: { KEY: 'value' } },
  'GET /accounts/{username}/apps/{app}/env': { path: blog, query: 'reveal=1' },
  'POST /accounts/{username}/apps/{app}/owner-secret': { path: blog },
  'GET /accounts/{username}/apps/{app}/logs': { path: blog, query: 'stream=app&lines=5', text: true },
  'GET /accounts/{username}/apps/{app}/resources': { path: blog, query: 'range=1h' },
  'POST /accounts/{username}/databases': { path: ada, body: { name: 'more' } },
  'GET /accounts/{username}/databases': { path: ada },
  'GET /accounts/{username}/databases/{name}': { path: { ...ada, name: 'ada_more' } },
  'POST /accounts/{username}/databases/{name}/rotate-password': { path: { ...ada, name: 'ada_more' } },
  'DELETE /accounts/{username}/databases/{name}': { path: { ...ada, name: 'ada_more' }, body: { confirm: 'ada_more' } },
  'POST /accounts/{username}/domains': { path: ada, body: { domain: 'doc.example', app: 'blog' } },
  'GET /accounts/{username}/domains': { path: ada },
  'DELETE /accounts/{username}/domains/{domain}': { path: { ...ada, domain: 'doc.example' } },
  'DELETE /accounts/{username}/apps/{app}': { path: { ...ada, app: 'late' }, body: { confirm: 'late' } },
  'GET /hosts': {},
  'GET /hosts/{name}': { path: { name: 'local' } },
  'GET /hosts/{name}/resources': { path: { name: 'local' } },
  'GET /jobs': {},
  'GET /jobs/{id}': { path: { id: '1' } },
  'GET /jobs/{id}/events': { path: { id: '1' }, text: true },
  // A job that has not failed cannot be tried again.
  'POST /jobs/{id}/retry': { path: { id: '1' }, status: 409 },
  'GET /tokens': {},
  'POST /tokens': { body: { name: 'doc', scopes: ['plans:read'] } },
  'DELETE /tokens/{id}': { path: { id: '2' } },
  'POST /webhooks': { body: { url: 'http://127.0.0.1:9/hook', events: ['webhook.test'] } },
  'GET /webhooks': {},
  'POST /webhooks/{id}/test': { path: { id: '1' } },
  'GET /webhooks/{id}/deliveries': { path: { id: '1' } },
  'POST /webhooks/{id}/deliveries/{delivery}/replay': { path: { id: '1', delivery: '1' } },
  'DELETE /webhooks/{id}': { path: { id: '1' } },
  'GET /audit': {},
  'POST /accounts/{username}/suspend': { path: ada, body: { reason: 'unpaid' } },
  'POST /accounts/{username}/unsuspend': { path: ada },
  'DELETE /accounts/{username}': { path: ada, body: { confirm: 'ada' } },
  'DELETE /plans/{name}': { path: { name: 'doc-plan' } },
};

// biome-ignore lint/suspicious/noExplicitAny: the document is read as a stranger would read it
type Document = { paths: Record<string, Record<string, any>>; components: any };

async function documentOf(): Promise<Document> {
  return (await stage().api('GET', '/openapi.json')).json as Document;
}

function address(name: string, { path = {}, query = '' }: Call): string {
  const filled = name.replace(/^\w+ /, '').replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(path[key] ?? 'missing'));
  return `${filled}${query ? `?${query}` : ''}`;
}

const operations = (document: Document) =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path.replace('/api/v1', '')}`, operation })),
  );

const methodOf = (name: string) => name.split(' ')[0]!;

it('every operation of the document succeeds with what is right, and answers as the document says', async t => {
  t.timeout(120_000);
  await stage().account('ada');
  const made = await stage().api('POST', '/accounts/ada/apps', {
    name: 'blog',
    source: { type: 'recipe', recipe: 'wagtail' },
    database: true,
  });
  await stage().job(made.json.job);
  const document = await documentOf();
  const ajv = formats.default(new Ajv2020({ strict: false, allErrors: true }));
  const known = new Map(operations(document).map(({ name, operation }) => [name, operation]));
  t.deepEqual(
    [...known.keys()].filter(name => !CALLS[name]),
    [],
    'every operation has its call here',
  );
  for (const [name, call] of Object.entries(CALLS)) {
    const operation = known.get(name);
    t.truthy(operation, `${name} is in the document`);
    const said: Answer = await stage().api(methodOf(name), address(name, call), call.body);
    const [status, answer] = Object.entries(operation.responses as Record<string, { content?: Record<string, { schema: object }> }>)[0]!;
    t.is(said.status, call.status ?? Number(status), `${name}: ${said.text.slice(0, 300)}`);
    const schema = answer.content?.['application/json']?.schema;
    if (!schema || call.text || said.status >= 400) continue;
    t.true(ajv.validate(schema, said.json), `${name}: ${ajv.errorsText()} in ${said.text.slice(0, 300)}`);
    if (said.json?.job) await stage().job(said.json.job);
  }
});

it('what is unknown or of the wrong kind is refused by name, and what is needed is asked for', async t => {
  t.timeout(60_000);
  await stage().account('bob');
  for (const { name, operation } of operations(await documentOf())) {
    const schema = operation.requestBody?.content['application/json'].schema;
    if (!schema) continue;
    const path = {
      username: 'bob',
      app: 'none',
      name: name.includes('plans') ? 'small' : 'none',
      id: '1',
      domain: 'x.example',
      delivery: '1',
    };
    const send = (body: object) => stage().api(methodOf(name), address(name, { path }), body);
    const call = CALLS[name]?.body ?? {};
    const closed = schema.additionalProperties === false;
    if (closed) {
      const unknown = await send({ ...call, surprise: 1 });
      t.true([404, 422].includes(unknown.status), `${name}: ${unknown.text}`);
      if (unknown.status === 422)
        t.true(
          unknown.json.errors.some((error: { field: string }) => error.field === 'surprise'),
          `${name}: ${unknown.text}`,
        );
    }
    for (const field of schema.required ?? []) {
      const missing = await send({ ...call, [field]: undefined });
      t.true([404, 422].includes(missing.status), `${name} without ${field}: ${missing.text}`);
      if (missing.status === 422)
        t.true(
          missing.json.errors.some((error: { field: string }) => error.field.startsWith(field)),
          `${name} ${field}: ${missing.text}`,
        );
    }
    for (const field of Object.keys(schema.properties ?? {})) {
      const wrong = await send({ ...call, [field]: { strange: ['thing'] } });
      t.true(wrong.status < 500, `${name} with a strange ${field}: ${wrong.text}`);
    }
  }
});

it('a missing name and another tenant’s answer exactly alike', async t => {
  t.timeout(60_000);
  await stage().account('carl');
  const token = await stage().customerToken('carl');
  const ask = async (method: string, path: string, body?: object) => {
    const headers = { Authorization: `Bearer ${token}`, ...(body ? { 'Content-Type': 'application/json' } : {}) };
    const said = await stage().raw(method, `/api/v1${path}`, headers, body ? JSON.stringify(body) : undefined);
    return `${said.status} ${said.text
      .replaceAll('bob', 'X')
      .replaceAll('zed', 'X')
      .replace(/"instance":"[^"]*"/, '')}`;
  };
  for (const [name, call] of Object.entries(CALLS)) {
    if (!name.includes('{username}')) continue;
    const other = await ask(methodOf(name), address(name, { ...call, path: { ...call.path, username: 'bob' } }), call.body);
    const none = await ask(methodOf(name), address(name, { ...call, path: { ...call.path, username: 'zed' } }), call.body);
    t.is(other, none, name);
  }
});
