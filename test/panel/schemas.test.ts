import test from 'ava';
import { lowerDomain, newAccount } from '../../panel/accounts/schema.ts';
import { newApp } from '../../panel/apps/schema.ts';
import { statements } from '../../panel/db/migrate.ts';
import { faultOf, page, type Route } from '../../panel/middleware/route.ts';
import { parse } from '../../panel/middleware/validate.ts';
import { checkPassword, hashPassword, randomPassword } from '../../panel/people/secrets.ts';
import { readSettings } from '../../panel/settings.ts';
import { domainName } from '../../provisioning/names.ts';

test('domains are compared in one form', t => {
  t.is(lowerDomain('Blog.Example.ORG.'), 'blog.example.org');
  t.is(lowerDomain('bücher.example'), 'xn--bcher-kva.example');
  for (const bad of [
    '*.ex.com',
    '_',
    '~^.*$',
    'a b.com',
    'x.com/y',
    'u@x.com',
    'x.com:80',
    '127.0.0.1',
    '[::1]',
    '2130706433',
    'localhost',
    '.com',
    'a..b',
    '%61.com',
  ]) {
    t.false(domainName.safeParse(lowerDomain(bad)).success, bad);
  }
});

test('what is unknown is refused, also deep inside', t => {
  const account = { username: 'ada', email: 'ada@example.org', plan: 'small' };
  t.notThrows(() => parse(newAccount, account));
  const refused = t.throws(() => parse(newAccount, { ...account, admin: true }), { name: 'Refused' }) as unknown as { fields: unknown[] };
  t.deepEqual(refused.fields, [{ field: 'admin', message: 'this field is unknown, remove it' }]);
  t.throws(() => parse(newAccount, JSON.parse('{"__proto__": {"x": 1}, "username": "ada"}')), { name: 'Refused' });
  t.throws(() => parse(newApp, { name: 'blog', source: { type: 'recipe', recipe: 'flask', root: '/' } }), { name: 'Refused' });
});

test('a route without a policy does not start', t => {
  const good = page({ method: 'GET', path: '/x', policy: 'admin', run: () => {} });
  t.is(faultOf([good]), null);
  t.regex(faultOf([{ ...good, policy: undefined } as unknown as Route]) ?? '', /GET \/x has no policy/);
  t.regex(faultOf([good, good]) ?? '', /twice/);
});

test('settings say every wrong variable', t => {
  const error = t.throws(() => readSettings({ BERTH_PANEL_PORT: 'x', BERTH_ADMIN_TOKEN: 'short' }))!;
  for (const name of ['BERTH_DATABASE_URL', 'BERTH_PANEL_PORT', 'BERTH_ADMIN_TOKEN']) t.true(error.message.includes(name), name);
  const settings = readSettings({ BERTH_DATABASE_URL: 'mysql://berth@localhost/berth', BERTH_PANEL_PORT: '' });
  t.like(settings, { port: 8000, origin: 'http://localhost:8000', loopback: true, agentSocket: '/run/berth/agent.sock' });
});

test('migrations are cut at the end of lines only', t => {
  t.deepEqual(statements("-- a; b\nCREATE TABLE a (x INT DEFAULT ';');\nINSERT INTO a VALUES ('b;c');\n"), [
    "CREATE TABLE a (x INT DEFAULT ';')",
    "INSERT INTO a VALUES ('b;c')",
  ]);
});

test('passwords are argon2id, and nobody’s password is never right', async t => {
  const hash = await hashPassword('secret');
  t.regex(hash, /^\$argon2id\$/);
  t.deepEqual(
    [await checkPassword(hash, 'secret'), await checkPassword(hash, 'Secret'), await checkPassword(null, 'secret')],
    [true, false, false],
  );
  t.regex(randomPassword(), /^[a-zA-Z2-9]{24}$/);
});
