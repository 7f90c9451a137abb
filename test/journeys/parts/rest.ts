import { readFile } from 'node:fs/promises';
import { djangoLogin } from '../ask.ts';
import { asCustomer, processesOf, until } from '../customer.ts';
import { limits, type Story, type Tell } from './story.ts';

/** Only the REST API: a plan, an account, a Wagtail app with its database; then everything is seen to be real. */
export function restJourney(test: Tell, story: () => Story): void {
  test.serial('REST: a plan, an account and a Wagtail app with a database are made', async t => {
    const { berth } = story();
    const plan = await berth.api('POST', '/plans', { name: 'small', limits });
    t.is(plan.status, 201, plan.text);
    const made = await berth.api('POST', '/accounts', { username: 'adatest', email: 'ada@example.org', plan: 'small' });
    t.is(made.status, 201, made.text);
    t.like(made.json(), { username: 'adatest', state: 'building' });
    const opened = await berth.job(made.json().job);
    t.is(opened.state, 'done', JSON.stringify(opened));
    const { uid } = made.json();
    story().account = { name: 'adatest', uid, home: `${berth.env.BERTH_HOMES}/adatest` };

    const body = { name: 'blog', source: { type: 'recipe', recipe: 'wagtail', answers: { site_name: "Ada's site" } }, database: true };
    const added = await berth.api('POST', '/accounts/adatest/apps', body);
    t.is(added.status, 201, added.text);
    t.like(added.json(), { name: 'blog', state: 'building' });
    const built = await berth.job(added.json().job, 400);
    t.is(
      built.state,
      'done',
      JSON.stringify([built.error, built.help, ...built.steps.filter((step: { state: string }) => step.state === 'failed')]),
    );
    for (const step of built.steps) t.is(step.state, 'done', step.why);
    t.true(built.steps.length > 10);
    const host = new URL(added.json().url).hostname;
    const { user, password } = added.json().owner;
    story().wagtail = { host, owner: { user, password } };
  });

  test.serial('REST: the front page is the app’s own, and the owner can sign in', async t => {
    const { berth, wagtail } = story();
    const page = await berth.visit(wagtail.host);
    t.is(page.status, 200);
    t.regex(page.text, /<meta name="generator" content="Wagtail">/);
    t.regex(page.text, /Ada(&#x27;|&#39;|')s site/);
    const css = /href="(\/static\/[^"]+\.css)"/.exec(page.text)?.[1] ?? '';
    t.like(await berth.visit(wagtail.host, css), { status: 200 });
    const { user, password } = wagtail.owner;
    t.like(await djangoLogin(berth.sitesPort, wagtail.host, '/admin/login/', user, 'wrong'), { status: 200 });
    t.like(await djangoLogin(berth.sitesPort, wagtail.host, '/admin/login/', user, password), { status: 302, location: '/admin/' });
    const app = (await berth.api('GET', '/accounts/adatest/apps/blog')).json();
    t.like(app, { name: 'blog', state: 'running', release: 1 });
    t.is(new URL(app.url).port, String(berth.sitesPort));
  });
}

/** What the REST calls made is looked at from inside: the database, the configuration file, the worker, its sleep. */
export function realJourney(test: Tell, story: () => Story): void {
  test.serial('the tables are in MariaDB, and mysql needs no arguments', async t => {
    const { account } = story();
    const tables = await asCustomer('adatest', account.home, ['/usr/bin/mysql', '-N', '-e', 'SHOW TABLES'], '');
    t.regex(tables, /^wagtailcore_page$/m);
    t.regex(
      await asCustomer('adatest', account.home, ['/usr/bin/mysql', '-N', '-e', 'SELECT CURRENT_USER(), DATABASE()'], ''),
      /^adatest_blog@localhost\tadatest_blog$/m,
    );
    const databases = await asCustomer('adatest', account.home, ['/usr/bin/mysql', '-N', '-e', 'SHOW DATABASES'], '');
    t.deepEqual(databases.trim().split('\n').sort(), ['adatest_blog', 'information_schema']);
  });

  test.serial('BERTH_CONFIG parses and logs in', async t => {
    const { berth, account } = story();
    const shell = await asCustomer('adatest', account.home, ['/bin/bash', '--login'], 'cat "$BERTH_CONFIG"\n');
    t.is(JSON.parse(shell).account, 'adatest');
    const env = JSON.parse(await readFile(`${berth.env.BERTH_STATE}/users/adatest/blog.env.json`, 'utf8'));
    const config = JSON.parse(await asCustomer('adatest', account.home, ['/bin/cat', env.BERTH_CONFIG]));
    t.like(config, { version: 1, account: 'adatest' });
    const { user, password, socket, name } = config.databases.adatest_blog;
    const script = `import json,pymysql; c=json.load(open(${JSON.stringify(env.BERTH_CONFIG)}))['databases']['adatest_blog']
print(pymysql.connect(user=c['user'],password=c['password'],database=c['name'],unix_socket=c['socket']).server_version)`;
    const python = `${account.home}/apps/blog/current/.venv/bin/python`;
    t.regex(await asCustomer('adatest', account.home, [python, '-c', script]), /MariaDB/);
    t.deepEqual(
      [user, name, typeof password, socket],
      ['adatest_blog', 'adatest_blog', 'string', `${berth.env.BERTH_RUN}/mysql/mysqld.sock`],
    );
    t.like(config.apps.blog, { url: env.BERTH_URL, secretKey: env.SECRET_KEY });
  });

  test.serial('the worker runs as the customer, without groups, in its control group, with the plan’s limits', async t => {
    const { berth, account, wagtail } = story();
    await berth.visit(wagtail.host);
    const workers = await processesOf(account.uid);
    t.is(workers.length, 1);
    const { status, cgroup } = workers[0]!;
    const ids = `\t${account.uid}\t${account.uid}\t${account.uid}\t${account.uid}`;
    t.regex(status, new RegExp(`^Uid:${ids}$`, 'm'));
    t.regex(status, new RegExp(`^Gid:${ids}$`, 'm'));
    t.regex(status, /^Groups:\s*$/m);
    t.regex(status, /^CapEff:\t0+$/m);
    t.regex(status, /^NoNewPrivs:\t1$/m);
    const group = `/${berth.env.BERTH_CGROUP}/adatest/blog`;
    t.true(cgroup.includes(group), cgroup);
    const v1 = cgroup.split('\n').find(line => /:memory:/.test(line));
    const top = v1 ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup';
    const path = (v1 ?? cgroup.split('\n').find(line => line.startsWith('0::')) ?? '').split(':')[2] ?? '';
    const limit = await readFile(`${top}${path}/${v1 ? 'memory.limit_in_bytes' : 'memory.max'}`, 'utf8');
    t.is(Number(limit), limits.memoryMb * 1024 * 1024);
  });

  test.serial('the app falls asleep, no process left, and wakes on the next request', async t => {
    const { berth, account, wagtail } = story();
    await until('no process of the account is left', 30, async () => (await processesOf(account.uid)).length === 0);
    t.is((await berth.api('GET', '/accounts/adatest/apps/blog')).json().state, 'asleep');
    const started = performance.now();
    const page = await berth.visit(wagtail.host);
    t.log(`woke and answered in ${Math.round(performance.now() - started)} ms`);
    t.regex(page.text, /content="Wagtail"/);
  });
}
