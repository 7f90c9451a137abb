import { ask } from '../ask.ts';
import { limits, type Story, type Tell } from './story.ts';

/** Wrong requests: each names the field and the remedy, and changes nothing. */
export function wrongJourney(test: Tell, story: () => Story): void {
  test.serial('wrong requests get a problem document and change nothing', async t => {
    const { berth } = story();
    const everything = async () =>
      JSON.stringify(
        [
          await berth.api('GET', '/plans'),
          await berth.api('GET', '/accounts'),
          await berth.api('GET', '/accounts/adatest/apps'),
          await berth.api('GET', '/accounts/adatest/databases'),
        ].map(answer => answer.text.replace(/"(state|slots|since|wakes)":("[^"]*"|\[[^\]]*\]|[^,}]*)/g, '')),
      );
    const before = await everything();
    const account = { username: 'bob', email: 'bob@example.org', plan: 'small' };
    const app = { name: 'shop', source: { type: 'recipe', recipe: 'flask' } };
    const wrong: [string, string, unknown, number, string][] = [
      ['POST', '/accounts', { ...account, username: 'a;b' }, 422, 'username'],
      ['POST', '/accounts', { ...account, username: 'root' }, 422, 'username'],
      ['POST', '/accounts', { ...account, username: 'x'.repeat(40) }, 422, 'username'],
      ['POST', '/accounts', { ...account, email: 'nobody' }, 422, 'email'],
      ['POST', '/accounts', { ...account, plan: 'huge' }, 422, 'plan'],
      ['POST', '/accounts', { ...account, surprise: 1 }, 422, 'surprise'],
      ['POST', '/accounts', { ...account, domain: '*.example.org' }, 422, 'domain'],
      ['POST', '/accounts', { ...account, username: 'adatest' }, 409, 'username'],
      ['POST', '/accounts/adatest/apps', { ...app, name: 'Shop!' }, 422, 'name'],
      ['POST', '/accounts/adatest/apps', { ...app, name: 'blog' }, 409, 'name'],
      ['POST', '/accounts/adatest/apps', { ...app, source: { type: 'recipe', recipe: 'nothing' } }, 422, 'source.recipe'],
      ['POST', '/accounts/adatest/apps', { ...app, domain: story().wagtail.host }, 409, 'domain'],
      ['POST', '/accounts/adatest/apps', { ...app, domain: 'localhost' }, 422, 'domain'],
      ['POST', '/accounts/adatest/apps', '{"name": ', 400, 'body'],
      ['POST', '/plans', { name: 'bad', limits: { ...limits, memoryMb: -1 } }, 422, 'limits.memoryMb'],
      ['PUT', '/accounts/adatest/apps/blog/env', { 'BAD-NAME': 'x' }, 422, 'BAD-NAME'],
      ['DELETE', '/accounts/adatest', { confirm: 'bob' }, 422, 'confirm'],
    ];
    for (const [method, path, body, status, field] of wrong) {
      const answer = await berth.api(method, path, body);
      const label = `${method} ${path} ${JSON.stringify(body)} → ${answer.status} ${answer.text}`;
      t.is(answer.status, status, label);
      t.regex(String(answer.headers['content-type']), /application\/problem\+json/, label);
      const problem = answer.json();
      t.true(
        problem.errors.some((entry: { field: string; message: string }) => entry.field.includes(field) && entry.message.length > 5),
        label,
      );
      t.truthy(problem.code, label);
    }
    t.is(await everything(), before);
  });

  test.serial('no token, a wrong token, and what does not exist', async t => {
    const { berth } = story();
    for (const headers of [{}, { Authorization: 'Bearer nobody' }] as Record<string, string>[]) {
      const answer = await ask(berth.panelPort, 'POST', '/api/v1/accounts', {
        headers: { ...headers, 'Content-Type': 'application/json' },
        body: '{"username":"eve"}',
      });
      t.is(answer.status, 401);
      t.truthy(answer.json().detail);
    }
    t.is((await berth.api('GET', '/accounts/nobody1')).status, 404);
    t.is((await berth.api('GET', '/accounts/adatest/apps/nothing')).status, 404);
    t.is((await berth.visit('nobody.example.org')).status, 404);
  });
}
