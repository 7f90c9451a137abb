import { csrfOf } from './csrf.ts';
import { onStage } from './panel.ts';

const { it, stage } = onStage();
const APP = '/accounts/ada/apps/blog';

/** The slot's spec in the manifest that reached the host last. */
function delivered() {
  const put = stage().agent.heard.findLast(one => one.method === 'PUT');
  return put?.manifest?.slots.find(slot => slot.app === 'blog');
}

it('an app serves with one process of one thread, and says so', async t => {
  const { api, job } = stage();
  await api('POST', '/plans', { name: 'small', limits: { processes: 40, workers: 4, threads: 8 } });
  await job((await api('POST', '/accounts', { username: 'ada', email: 'ada@example.org', plan: 'small' })).json.job);
  const made = await api('POST', '/accounts/ada/apps', { name: 'blog', source: { type: 'recipe', recipe: 'flask' } });
  await job(made.json.job);
  const { json } = await api('GET', APP);
  t.like(json, { mode: 'on-demand', workers: 1, threads: 1, maxRequests: 0, isolation: 'shared' });
  t.like(delivered(), { process: 'web', role: 'web', workers: 1, threads: 1, maxRequests: 0, isolation: 'shared' });
});

it('processes, threads, replacement and isolation are changed together and reach the host', async t => {
  const { api, job } = stage();
  const wanted = { mode: 'always-on', workers: 3, threads: 4, maxRequests: 5000, isolation: 'strict' };
  const changed = await api('PATCH', APP, wanted);
  t.is(changed.status, 200, changed.text);
  t.like(changed.json, wanted);
  t.like(await job(changed.json.job), { state: 'done', title: 'Change how blog runs' });
  t.like(delivered(), wanted);
  // What is left out stays; what is the same costs no job.
  t.like((await api('PATCH', APP, { mode: 'on-demand' })).json, { ...wanted, mode: 'on-demand' });
  const jobs = async () => (await api('GET', '/jobs?account=ada')).json.items?.length;
  const before = await jobs();
  t.is((await api('PATCH', APP, { mode: 'on-demand', workers: 3 })).status, 200);
  t.is(await jobs(), before);
});

it('what the plan does not allow is refused with the field and the remedy', async t => {
  const { api } = stage();
  const cases: [Record<string, unknown>, string, string, RegExp][] = [
    [{ workers: 5 }, 'limit-workers', 'workers', /5 processes are more than the 4/],
    [{ threads: 9 }, 'limit-threads', 'threads', /9 threads are more than the 8/],
    [{ workers: 4, threads: 8, maxRequests: 10 }, 'limit-processes', '', /./],
    [{ workers: 0 }, 'invalid', 'workers', /./],
    [{ threads: 'many' }, 'invalid', 'threads', /./],
    [{ maxRequests: -1 }, 'invalid', 'maxRequests', /./],
    [{ isolation: 'none' }, 'invalid', 'isolation', /./],
    [{ processes: 3 }, 'invalid', 'processes', /unknown|./],
  ];
  const before = (await api('GET', APP)).json;
  await api('PATCH', '/plans/small', { limits: { processes: 30 } });
  for (const [body, code, field, sentence] of cases) {
    const { status, json } = await api('PATCH', APP, body);
    t.is(status, 422, JSON.stringify(json));
    t.is(json.code, code);
    t.regex(json.detail, sentence);
    t.truthy(json.help);
    if (field) t.is(json.errors[0].field, field);
  }
  const { json } = await api('GET', APP);
  for (const name of ['mode', 'workers', 'threads', 'maxRequests', 'isolation']) t.is(json[name], before[name]);
  t.deepEqual((await api('GET', '/plans/small')).json.limits.workers, 4, 'a limit that was not named stays');
});

it('a smaller plan bounds what was chosen before, and the slots of every process are told', async t => {
  const { api, job, agent } = stage();
  const plan = await api('PATCH', '/plans/small', { limits: { workers: 2 } });
  t.is(plan.json.limits.workers, 2);
  await job((await api('POST', `${APP}/restart`)).json.job);
  t.is(delivered()?.workers, 2);
  const slot = (process: string, role: string, more = {}) => ({
    ...{ name: process === 'web' ? 'ada.blog' : `ada.blog.${process}`, process, role, generation: 1, digest: '', state: 'running' },
    ...{ reason: null, pids: [7], since: Date.now(), memoryBytes: 1, memoryPeakBytes: 1, cpuUsec: 1, processes: 1, requests: 1 },
    ...{ wakes: 1, lastWakeMs: 9, workers: [{ pid: 7, generation: 1, since: Date.now(), requests: 1 }] },
    ...{ limitHits: { memory: 0, processes: 0, cpu: 0, io: 0 }, ...more },
  });
  const held = 'the new version failed at start: ImportError: x; the old one goes on';
  agent.slots = [slot('queue', 'worker'), slot('web', 'web', { reason: held }), slot('nightly', 'scheduled', { nextRun: 86_400_000 })];
  await new Promise(done => setTimeout(done, 1100));
  const { json } = await api('GET', APP);
  t.deepEqual(
    json.slots.map((one: { process: string }) => one.process),
    ['web', 'nightly', 'queue'],
  );
  t.like(json, { state: 'running', reason: held });
  t.like(json.slots[1], { role: 'scheduled', nextRun: '1970-01-02T00:00:00.000Z', workers: [{ pid: 7, requests: 1 }] });
});

it('a customer sees and changes the same on the page of the app, and a refusal marks its field', async t => {
  const { api, raw, job, base } = stage();
  const link = await api('POST', '/accounts/ada/login-links');
  const entered = await raw('GET', new URL(link.json.url).pathname);
  const Cookie = String(entered.headers.get('set-cookie')).split(';')[0]!;
  const headers = { Cookie, Origin: base, 'Content-Type': 'application/x-www-form-urlencoded' };
  const send = async (fields: Record<string, string>) =>
    raw('POST', '/apps/blog/mode', headers, new URLSearchParams({ ...fields, _csrf: await csrfOf(Cookie) }).toString());
  const shown = await raw('GET', '/apps/blog/settings', { Cookie });
  for (const words of ['Processes and threads', 'name="workers"', 'name="threads"', 'name="maxRequests"', 'name="isolation"'])
    t.true(shown.text.includes(words), words);
  const fields = { mode: 'always-on', workers: '2', threads: '2', maxRequests: '0', isolation: 'shared' };
  t.is((await send(fields)).status, 302);
  t.like((await api('GET', APP)).json, { mode: 'always-on', workers: 2, threads: 2, maxRequests: 0, isolation: 'shared' });
  const refused = await send({ ...fields, workers: '9' });
  t.is(refused.status, 422);
  t.regex(refused.text, /9 processes are more than the 2 that this plan allows[\s\S]*id="f-workers"[^>]*aria-invalid="true"/);
  t.is((await send({ ...fields, threads: 'lots' })).status, 422);
  const page = await raw('GET', '/apps/blog', { Cookie });
  for (const words of [
    'up to 2 processes of 2 threads',
    'The newest version does not run',
    'the old one goes on',
    'Other processes',
    'nightly',
  ])
    t.true(page.text.includes(words), words);
  await job((await api('POST', `${APP}/restart`)).json.job);
});
