import { existsSync } from 'node:fs';
import anyTest, { type TestFn } from 'ava';
import type { Page } from 'playwright-core';
import { missingDatabase } from '../../panel/database.ts';
import { CHROMIUM, type Rig, startRig } from './rig.ts';

const missing = missingDatabase() ?? (existsSync(CHROMIUM) ? null : `${CHROMIUM} is missing (apt-get install chromium)`);
const test = anyTest as TestFn<{ rig: Rig }>;
const live = missing ? test.serial.skip : test.serial;
if (missing) console.log(`pages in a browser are skipped: ${missing}`);

let rig: Rig;
const TOKEN = 'Bearer admin-token-12345';

async function ask(path: string, body: object): Promise<void> {
  const headers = { Authorization: TOKEN, 'Content-Type': 'application/json', 'Idempotency-Key': path };
  const answer = await fetch(`${rig.url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
}

async function enter(login: string, password: string, options: object = {}): Promise<Page> {
  const context = await rig.browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(rig.url);
  await page.fill('#f-login', login);
  await page.fill('#f-password', password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  return page;
}

const customer = (options?: object) => enter('ada', 'ada-password-1', options);

test.before(async () => {
  if (missing) return;
  rig = await startRig();
  await ask('/plans', { name: 'small', limits: { apps: 5, slots: 5, databases: 5 } });
  await ask('/accounts', { username: 'ada', email: 'ada@example.org', plan: 'small', password: 'ada-password-1' });
});

test.after.always(() => rig?.close());

live('a wrong password is told in its place, and what was typed stays', async t => {
  const page = await enter('ada', 'not-it');
  t.regex((await page.textContent('[role=alert]')) ?? '', /do not belong together/);
  t.is(await page.inputValue('#f-login'), 'ada');
  t.is(await page.inputValue('#f-password'), '');
});

live('a customer adds an app, watches it being built, and is shown the owner once', async t => {
  const page = await customer();
  await page.getByRole('link', { name: 'Add app' }).click();
  await page.getByRole('link', { name: /Wagtail/ }).click();
  await page.fill('#f-name', 'blog');
  await page.getByText('Create the database ada_blog').waitFor();
  await page.getByRole('button', { name: 'Add Wagtail' }).click();
  await page.locator('li[data-state="running"]').first().waitFor();
  await page.getByRole('link', { name: 'Open site' }).waitFor();
  await page.getByRole('button', { name: /owner’s sign-in/ }).click();
  const password = await page.inputValue('#c-password');
  t.true(password.length >= 12);
  await page.goto(`${rig.url}/apps/blog`);
  t.is(await page.getByRole('button', { name: /sign-in/ }).count(), 0);
});

live('a visit shows in the log without reloading, and markup in it stays text', async t => {
  const page = await customer();
  await page.goto(`${rig.url}/apps/blog/log`);
  await page.getByText('Following').waitFor();
  await page.waitForTimeout(400);
  rig.agent.write('access', '203.0.113.9 "GET /hello HTTP/1.1" 200 512 0.012 "-" "-"');
  rig.agent.write('app', 'E \u001b[31mERROR\u001b[0m <img src=x onerror=alert(1)>');
  await page.getByText('GET /hello').waitFor();
  await page.locator('.log .c1', { hasText: 'ERROR' }).waitFor();
  t.is(await page.locator('.log img').count(), 0);
});

live('a build that fails stops at its step and can be tried again', async t => {
  const page = await customer();
  rig.agent.failNext();
  await page.goto(`${rig.url}/add/flask`);
  await page.fill('#f-name', 'club');
  await page.getByRole('button', { name: /^Add Flask/ }).click();
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  t.regex((await page.textContent('li[data-state="failed"]')) ?? '', /could not reach the package index/);
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('link', { name: 'Open site' }).waitFor();
  t.pass();
});

live('everything but the live parts works without JavaScript', async t => {
  const page = await customer({ javaScriptEnabled: false });
  await page.goto(`${rig.url}/add/django`);
  await page.fill('#f-name', 'shop');
  await page.getByRole('button', { name: 'Preview' }).click();
  t.is(await page.inputValue('#f-name'), 'shop');
  t.regex((await page.textContent('#preview')) ?? '', /Create the database ada_shop/);
  await page.getByRole('button', { name: /^Add Django/ }).click();
  for (let i = 0; i < 20 && !(await page.getByRole('link', { name: 'Open site' }).count()); i++) {
    await page.waitForTimeout(400);
    await page.reload();
  }
  t.is(await page.getByRole('link', { name: 'Open site' }).count(), 1);
  await page.getByRole('button', { name: 'Switch between light and dark' }).click();
  t.is(await page.getAttribute('html', 'data-bs-theme'), 'dark');
});

live('the hoster looks through a customer’s eyes and comes back', async t => {
  const page = await enter('admin', 'admin-password-1');
  await page.goto(`${rig.url}/admin/accounts/ada`);
  await page.getByRole('button', { name: 'Look through their eyes' }).click();
  await page.getByText('You are looking through the eyes of').waitFor();
  await page.getByRole('button', { name: 'Back to the hoster’s area' }).click();
  await page.getByRole('heading', { name: 'Accounts' }).waitFor();
  t.is(new URL(page.url()).pathname, '/admin/accounts');
});

const PLACES = {
  customer: [
    '/apps',
    '/add',
    '/add/wagtail',
    '/apps/blog',
    '/apps/blog/log',
    '/apps/blog/resources',
    '/apps/blog/settings',
    '/databases',
    '/databases/ada_blog',
    '/activity',
    '/settings',
  ],
  hoster: [
    '/admin',
    '/admin/accounts',
    '/admin/accounts/ada',
    '/admin/hosts/local',
    '/admin/plans/small',
    '/admin/jobs',
    '/admin/catalogue',
    '/admin/audit',
    '/admin/tokens',
  ],
};

for (const [who, places] of Object.entries(PLACES)) {
  live(`the ${who}'s pages fit a phone and break no rule of the browser`, async t => {
    const page = who === 'hoster' ? await enter('admin', 'admin-password-1') : await customer();
    await page.setViewportSize({ width: 390, height: 844 });
    const complaints: string[] = [];
    page.on('console', message => message.type() === 'error' && complaints.push(`${page.url()}: ${message.text()}`));
    page.on('pageerror', error => complaints.push(`${page.url()}: ${error.message}`));
    for (const place of places) {
      t.is((await page.goto(rig.url + place))?.status(), 200, place);
      t.true(Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0, `${place} is too wide`);
    }
    t.deepEqual(complaints, []);
  });
}
