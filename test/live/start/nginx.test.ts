import { chmod, chown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import anyTest, { type TestFn } from 'ava';
import { Family } from '../../../agent/start/family.ts';
import { layFoundation } from '../../../agent/start/ground.ts';
import { places } from '../../../agent/start/places.ts';
import { nginx, nginxArgv } from '../../../agent/start/programs.ts';
import { ask } from '../../../agent/start/ready.ts';
import type { Settings } from '../../../agent/start/settings.ts';
import { place, say } from './place.ts';

const test = anyTest as TestFn<{
  settings: Settings;
  family: Family;
  app: Server;
  remove: () => Promise<void>;
  visit: (host: string, path?: string, more?: Record<string, string>, method?: string) => ReturnType<typeof ask>;
}>;
const WEB = 33;
const CUSTOMER = 499_001;
const HOST = 'blog-ada.localhost';

/** An app that answers with what it was asked. */
function echo(): Server {
  return createServer((request, response) => {
    if (request.url === '/accel') response.setHeader('X-Accel-Redirect', '/.berth/no-site.html');
    response.statusCode = request.url === '/own-502' ? 502 : 200;
    response.end(JSON.stringify({ url: request.url, method: request.method, headers: request.headers }));
  });
}

test.before(async t => {
  const { settings, host, remove } = await place();
  const { at } = settings;
  await layFoundation(host, { ...settings.wanted, stacks: [], servers: [] });
  const app = echo();
  const socket = at.slotSocket('ada', 'blog');
  await new Promise<void>(done => app.listen(socket, done));
  await chmod(socket, 0o660);
  await chown(socket, 0, WEB);
  const home = at.home('ada');
  const release = `${home}/apps/blog/releases/1/public`;
  await mkdir(`${release}/static`, { recursive: true });
  await mkdir(`${release}/.well-known`);
  await mkdir(`${home}/www`);
  await writeFile(`${release}/static/a.css`, 'body{}');
  await writeFile(`${release}/.env`, 'SECRET');
  await writeFile(`${release}/.well-known/token`, 'proof');
  await symlink('/etc/passwd', `${release}/passwd`);
  await symlink('releases/1', at.current('ada', 'blog'));
  await symlink('../apps/blog/current/public', at.www('ada', HOST));
  await say('/usr/bin/chown', ['-R', '-h', `${CUSTOMER}:${CUSTOMER}`, home]);
  await chown(home, CUSTOMER, WEB);
  await chmod(home, 0o710);
  await symlink(socket, at.site(HOST));
  await symlink(home, at.siteHome(HOST));
  await symlink(`${at.slotSockets}/ada.away.sock`, at.site('away.localhost'));
  await symlink(home, at.siteHome('away.localhost'));
  await symlink(at.suspendedSocket, at.site('suspended.localhost'));
  await symlink(at.stoppedSocket, at.site('stopped.localhost'));
  const family = new Family();
  await family.add(nginx(settings, places(at)));
  const port = settings.BERTH_SITES_PORT;
  const visit = (name: string, path = '/', more: Record<string, string> = {}, method = 'GET') =>
    ask({ host: '127.0.0.1', port, path, method, headers: { Host: `${name}:${port}`, ...more } });
  t.context = { settings, family, app, visit, remove };
});

test.after.always(async t => {
  await t.context.family?.stop(t.context.settings.at.cgroup);
  t.context.app?.close();
  await t.context.remove?.();
});

test('nginx finds nothing to warn of', async t => {
  const [program = '', ...args] = nginxArgv(t.context.settings);
  const { code, text } = await say(program, [...args, '-t']);
  t.is(code, 0);
  t.notRegex(text, /\[(warn|emerg)\]/);
});

test('a site is served by its app, which learns the true address and the true visitor', async t => {
  const lies = {
    'X-Forwarded-For': '1.2.3.4',
    'X-Real-IP': '1.2.3.4',
    'X-Forwarded-Host': 'evil.test',
    Forwarded: 'for=1.2.3.4',
    Under_Score: '1',
  };
  const { status, body } = await t.context.visit(HOST, '/a?b=c', lies);
  t.is(status, 200);
  const { url, headers } = JSON.parse(body);
  t.is(url, '/a?b=c');
  t.is(headers.host, `${HOST}:${t.context.settings.BERTH_SITES_PORT}`);
  t.is(headers['x-forwarded-host'], headers.host);
  t.is(headers['x-forwarded-for'], '127.0.0.1');
  t.is(headers['x-real-ip'], '127.0.0.1');
  t.is(headers['x-forwarded-proto'], 'http');
  t.is(headers.forwarded, undefined);
  t.is(headers.under_score, undefined);
});

test('an address in the request line decides, not a second one in the Host header', async t => {
  const { body } = await t.context.visit('evil.localhost', `http://${HOST}/x`);
  t.is(JSON.parse(body).headers.host, HOST);
});

test('public files come from disk, hidden ones and links to strangers do not', async t => {
  const { visit } = t.context;
  t.is((await visit(HOST, '/static/a.css')).body, 'body{}');
  t.is((await visit(HOST, '/.well-known/token')).body, 'proof');
  for (const path of ['/static/', '/.env', '/passwd', '/static/.env']) {
    t.is(JSON.parse((await visit(HOST, path)).body).url, path, `${path} is the app's to answer`);
  }
});

test("an app's headers move nothing in the web server, and its own 502 is its own", async t => {
  t.is(JSON.parse((await t.context.visit(HOST, '/accel')).body).url, '/accel');
  const own = await t.context.visit(HOST, '/own-502');
  t.is(own.status, 502);
  t.is(JSON.parse(own.body).url, '/own-502');
});

test('closed, absent and unknown sites have a page that says so, for every method and path', async t => {
  const { visit } = t.context;
  const cases: [string, number, string][] = [
    ['suspended.localhost', 503, 'This site is suspended'],
    ['stopped.localhost', 503, 'This site is switched off'],
    ['away.localhost', 502, 'This site is starting again'],
    ['unknown.localhost', 404, 'There is no site at this address'],
    ['localhost', 404, 'There is no site at this address'],
    ['127.0.0.1', 404, 'There is no site at this address'],
    ['_strange', 404, 'There is no site at this address'],
  ];
  for (const [host, status, title] of cases) {
    for (const [method, path] of [
      ['GET', '/'],
      ['POST', '/form'],
      ['GET', '/.git/config'],
      ['PUT', '/static/a.css'],
    ] as const) {
      const answer = await visit(host, path, method === 'GET' ? {} : { 'Content-Length': '0' }, method);
      t.is(answer.status, status, `${method} ${host}${path}`);
      t.true(answer.body.includes(`<h1>${title}</h1>`), `${method} ${host}${path}`);
    }
  }
});
