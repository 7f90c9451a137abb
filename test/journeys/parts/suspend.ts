import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asCustomer, processesOf } from '../customer.ts';
import type { Story, Tell } from './story.ts';

async function pathsNaming(folder: string, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
    if (new RegExp(`(^|[^a-z])${name}([^a-z]|$)`).test(entry.name)) found.push(join(entry.parentPath, entry.name));
  }
  return found;
}

/** Suspending, lifting it, and deleting until nothing is left. */
export function suspendJourney(test: Tell, story: () => Story): void {
  const runJob = async (path: string, body: unknown = {}, method = 'POST') => {
    const { berth } = story();
    const answer = await berth.api(method, path, body);
    if (answer.status !== 202) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    const job = await berth.job(answer.json().job);
    if (job.state !== 'done') throw new Error(JSON.stringify(job));
  };

  test.serial('suspended: the site says so, and no process and no session is left', async t => {
    const { berth, account, wagtail } = story();
    await berth.visit(wagtail.host);
    await runJob('/accounts/adatest/suspend', { reason: 'The bill of May is open.' });
    const page = await berth.visit(wagtail.host);
    t.is(page.status, 503);
    t.regex(page.text, /suspended/i);
    t.is((await berth.visit(wagtail.host, '/static/pages/site.css')).status, 503);
    t.deepEqual(await processesOf(account.uid), []);
    await t.throwsAsync(asCustomer('adatest', account.home, ['/usr/bin/mysql', '-e', 'SELECT 1'], ''), {
      message: /Access denied|locked/i,
    });
    t.like((await berth.api('GET', '/accounts/adatest')).json(), { state: 'suspended', reason: 'The bill of May is open.' });
    t.is((await berth.api('GET', '/accounts/adatest/apps/blog')).json().state, 'suspended');
    const refused = await berth.api('POST', '/accounts/adatest/apps', { name: 'late', source: { type: 'recipe', recipe: 'flask' } });
    t.is(refused.status, 409);
  });

  test.serial('suspension lifted: everything is as before', async t => {
    const { berth, account, wagtail } = story();
    await runJob('/accounts/adatest/unsuspend');
    const page = await berth.visit(wagtail.host);
    t.is(page.status, 200);
    t.regex(page.text, /content="Wagtail"/);
    t.regex(await asCustomer('adatest', account.home, ['/usr/bin/mysql', '-N', '-e', 'SELECT 1'], ''), /1/);
    t.is((await berth.api('GET', '/accounts/adatest')).json().state, 'active');
  });

  test.serial('deleted: nothing with its name is left', async t => {
    const { berth, account, wagtail } = story();
    const preview = await berth.api('DELETE', '/accounts/adatest', { confirm: 'adatest', dryRun: true });
    t.true(preview.json().steps.length > 5, preview.text);
    t.is((await berth.visit(wagtail.host)).status, 200);
    await runJob('/accounts/adatest', { confirm: 'adatest' }, 'DELETE');
    t.deepEqual(await processesOf(account.uid), []);
    await t.throwsAsync(access(account.home));
    const { BERTH_STATE = '', BERTH_RUN = '', BERTH_CGROUP = '' } = berth.env;
    for (const folder of [BERTH_STATE, BERTH_RUN, '/etc/userdb']) t.deepEqual(await pathsNaming(folder, 'adatest'), []);
    t.deepEqual(await pathsNaming('/etc/userdb', String(account.uid)), []);
    for (const controller of await readdir('/sys/fs/cgroup'))
      t.deepEqual(await pathsNaming(`/sys/fs/cgroup/${controller}/${BERTH_CGROUP}`, 'adatest'), []);
    t.is((await berth.visit(wagtail.host)).status, 404);
    t.is((await berth.api('GET', '/accounts/adatest')).status, 404);
  });
}
