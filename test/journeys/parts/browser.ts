import { mkdir } from 'node:fs/promises';
import type { ExecutionContext } from 'ava';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Story, Tell } from './story.ts';

const CUSTOMER_PASSWORD = 'ada-opens-the-door';
const SCREENS = 'screenshots';

function launch(): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
  ];
  return chromium.launch({ executablePath: '/usr/bin/chromium', args });
}

/** Looks at a page at both widths, light and dark: a picture of each for human eyes, and nothing may stand out sideways. */
async function look(t: ExecutionContext<Story>, page: Page, name: string): Promise<void> {
  await mkdir(SCREENS, { recursive: true });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(150);
      const wide = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      t.true(Number(wide) <= 0, `${name} is ${wide} px too wide at ${width} px`);
      await page.screenshot({ path: `${SCREENS}/${name}-${width}-${colorScheme}.png`, fullPage: true });
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

async function signIn(page: Page, port: number, login: string, password: string): Promise<void> {
  await page.goto(`http://localhost:${port}/sign-in`);
  await page.fill('[name=login]', login);
  await page.fill('[name=password]', password);
  await page.click('button:has-text("Sign in")');
  await page.waitForURL(url => !url.pathname.startsWith('/sign-in'));
}

async function customer(t: ExecutionContext<Story>, page: Page, { berth }: Story): Promise<void> {
  const faults: string[] = [];
  page.on('pageerror', error => faults.push(error.message));
  page.on('console', message => message.type() === 'error' && faults.push(message.text()));
  await page.goto(`http://localhost:${berth.panelPort}/sign-in`);
  await look(t, page, 'sign-in');
  await signIn(page, berth.panelPort, 'adatest', CUSTOMER_PASSWORD);
  await page.goto(`http://localhost:${berth.panelPort}/apps`);
  await look(t, page, 'apps');
  await page.goto(`http://localhost:${berth.panelPort}/add`);
  await look(t, page, 'add-app');
  await page.click('a.door:has-text("Flask")');
  await page.fill('[name=name]', 'visit');
  await page.waitForSelector('#preview :text("visit")');
  await look(t, page, 'add-flask');
  await page.click('button:has-text("Add Flask")');

  // The steps tick off while we watch, without a reload.
  const loads: string[] = [];
  page.on('load', () => loads.push(page.url()));
  await page.waitForSelector('[data-steps] [data-state=running]', { timeout: 20_000 });
  await look(t, page, 'being-built');
  await page.waitForSelector('a:has-text("Open site")', { timeout: 120_000 });
  t.true((await page.locator('[data-steps] [data-state=done]').count()) > 8);
  await look(t, page, 'built');

  const site = await page.context().newPage();
  await site.goto(`http://visit-adatest.localhost:${berth.sitesPort}/`);
  t.regex(await site.content(), /content="Flask"/);
  await look(t, site, 'flask-site');

  await page.goto(`http://localhost:${berth.panelPort}/apps/visit/log`);
  await page.waitForTimeout(1000);
  t.is(await page.getByText('look-at-this-visit').count(), 0);
  await site.goto(`http://visit-adatest.localhost:${berth.sitesPort}/?look-at-this-visit`);
  await page.getByText('look-at-this-visit').first().waitFor({ timeout: 10_000 });
  await look(t, page, 'log');

  await page.goto(`http://localhost:${berth.panelPort}/apps/visit/resources`);
  await page.waitForSelector('[data-chart=cpu] canvas');
  await page.waitForSelector('[data-chart=requests] canvas');
  await look(t, page, 'resources');
  for (const name of ['', '/settings']) {
    await page.goto(`http://localhost:${berth.panelPort}/apps/visit${name}`);
    await look(t, page, `app${name.replace('/', '-')}`);
  }
  await page.goto(`http://localhost:${berth.panelPort}/databases`);
  await look(t, page, 'databases');
  t.deepEqual(faults, []);
}

async function administrator(t: ExecutionContext<Story>, page: Page, { berth }: Story): Promise<void> {
  await signIn(page, berth.panelPort, 'admin', berth.password);
  const at = (path: string) => page.goto(`http://localhost:${berth.panelPort}/admin${path}`);
  await at('');
  t.regex((await page.textContent('main')) ?? '', /awake|asleep/i);
  await look(t, page, 'admin-overview');
  await at('/hosts/local');
  t.regex((await page.textContent('main')) ?? '', /Debian|Ubuntu/);
  t.regex((await page.textContent('main')) ?? '', /MariaDB|nginx/i);
  await look(t, page, 'admin-host');
  await at('/accounts');
  await page.click('a:has-text("adatest")');
  t.regex((await page.textContent('main')) ?? '', /small/);
  await look(t, page, 'admin-account');
  await at('/jobs');
  t.regex((await page.textContent('main')) ?? '', /visit/);
  await look(t, page, 'admin-jobs');
  await page.click('main a:has-text("visit")');
  t.regex((await page.textContent('main')) ?? '', /Serve visit-adatest\.localhost/);
  await look(t, page, 'admin-job');
}

/** A customer and an administrator at work in Chromium. */
export function browserJourney(test: Tell, story: () => Story): void {
  test.serial('Chromium: a customer adds a Flask app, watches it being built, opens it, sees its log and graph', async t => {
    t.timeout(240_000);
    const { berth } = story();
    t.is((await berth.api('PATCH', '/accounts/adatest', { password: CUSTOMER_PASSWORD })).status, 200);
    const browser = await launch();
    try {
      await customer(t, await (await browser.newContext()).newPage(), story());
    } finally {
      await browser.close();
    }
  });

  test.serial('Chromium: an administrator sees the host’s load, the account and the job', async t => {
    t.timeout(120_000);
    const browser = await launch();
    try {
      await administrator(t, await browser.newPage(), story());
    } finally {
      await browser.close();
    }
  });

  test.serial('Chromium: a suspended customer is told why', async t => {
    const { berth } = story();
    const wait = async (path: string, body: unknown) => berth.job((await berth.api('POST', path, body)).json().job);
    await wait('/accounts/adatest/suspend', { reason: 'The bill of May is open.' });
    const browser = await launch();
    try {
      const page = await browser.newPage();
      await signIn(page, berth.panelPort, 'adatest', CUSTOMER_PASSWORD);
      await page.goto(`http://localhost:${berth.panelPort}/apps`);
      t.regex((await page.textContent('body')) ?? '', /The bill of May is open\./);
      await look(t, page, 'suspended');
    } finally {
      await browser.close();
      await wait('/accounts/adatest/unsuspend', {});
    }
  });
}
