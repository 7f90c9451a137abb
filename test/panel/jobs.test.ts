import { setTimeout as sleep } from 'node:timers/promises';
import { change, select } from '../../panel/db/pool.ts';
import { twoSteps } from './agent.ts';
import { onStage } from './panel.ts';

const { it, stage } = onStage();
const flask = { name: 'blog', source: { type: 'recipe', recipe: 'flask' } };
const wagtail = { name: 'site', source: { type: 'recipe', recipe: 'wagtail' } };
const last = (method = 'PUT') =>
  stage()
    .agent.heard.filter(one => one.method === method)
    .at(-1)!.manifest!;

it('a job whose line broke is taken up again: what was done stays done', async t => {
  const { api, agent, job } = stage();
  await api('POST', '/plans', { name: 'small' });
  agent.scripts.push(async (tell, _, cut) => {
    tell({ type: 'plan', steps: twoSteps });
    tell({ type: 'step', id: 's1', state: 'running', at: Date.now() });
    tell({ type: 'output', id: 's1', text: 'first line\n' });
    tell({ type: 'step', id: 's1', state: 'done', at: Date.now(), ms: 7 });
    tell({ type: 'step', id: 's2', state: 'running', at: Date.now() });
    await sleep(50);
    cut();
  });
  agent.scripts.push((tell, manifest) => {
    tell({ type: 'plan', steps: [{ id: 's3', resource: 'account', why: 'A step more' }] });
    tell({ type: 'step', id: 's3', state: 'done', at: Date.now(), ms: 1 });
    tell({ type: 'end', ok: true, generation: manifest.generation });
  });
  const made = await api('POST', '/accounts', { username: 'ada', email: 'ada@example.org', plan: 'small' });
  const { state, steps } = await job(made.json.job);
  t.is(state, 'done');
  t.deepEqual(
    steps.map((step: { id: string; state: string }) => [step.id, step.state]),
    [
      ['s1', 'done'],
      ['s2', 'done'],
      ['s3', 'done'],
    ],
  );
  t.is(steps[0].ms, 7);
  const events = await stage().raw('GET', `/api/v1/jobs/${made.json.job}/events`, { Authorization: 'Bearer a-token-for-the-tests' });
  t.regex(events.headers.get('content-type') ?? '', /^text\/event-stream/);
  t.regex(events.text, /event: output\ndata: \{"id":"s1","text":"first line\\n"\}/);
  t.regex(events.text, /event: job\ndata: \{"state":"done"/);
});

it('while the host is away the job waits and says so; a panel that was killed leaves nothing stuck', async t => {
  const { api, agent, job, restart } = stage();
  agent.scripts.push((_tell, _manifest, cut) => cut());
  agent.scripts.push((_tell, _manifest, cut) => cut());
  const { json } = await api('POST', '/accounts/ada/apps', flask);
  await sleep(400);
  const waiting = (await api('GET', `/jobs/${json.job}`)).json;
  t.is(waiting.state, 'queued');
  t.regex(waiting.message, /^The host did not answer; we try again in 1 s/);
  await restart();
  t.is((await job(json.job)).state, 'done');
  t.like((await api('GET', '/accounts/ada/apps/blog')).json, { state: 'asleep', url: 'http://blog-ada.sites.test:8080' });
  await change(
    `UPDATE jobs SET state = 'running', running_account = account_id, worker = 'dead', lease_until = NOW(3) - INTERVAL 1 SECOND WHERE id = ?`,
    [json.job],
  );
  for (let attempt = 0; attempt < 100 && (await api('GET', `/jobs/${json.job}`)).json.state !== 'done'; attempt++) await sleep(100);
  t.is((await api('GET', `/jobs/${json.job}`)).json.state, 'done', 'a dead worker’s lease ends');
});

it('a failed step fails the job and the app with its cause and remedy; a retry goes on', async t => {
  const { api, agent, job } = stage();
  agent.scripts.push((tell, manifest) => {
    tell({ type: 'plan', steps: twoSteps });
    tell({ type: 'step', id: 's1', state: 'done', at: Date.now(), ms: 1 });
    tell({ type: 'step', id: 's2', state: 'failed', at: Date.now(), ms: 2, error: 'pip said no', help: 'Check the network.' });
    tell({ type: 'end', ok: false, generation: manifest.generation, error: 'pip said no' });
  });
  const { json } = await api('POST', '/accounts/ada/apps', wagtail);
  t.like(json, { state: 'building', database: 'ada_site' });
  t.truthy(json.owner.password);
  t.like(await job(json.job), { state: 'failed', error: 'pip said no', help: 'Check the network.' });
  t.like((await api('GET', '/accounts/ada/apps/site')).json, { state: 'failed', reason: 'pip said no' });
  // Another job of the account is not held up by it: what is left of the app makes way, its database stays.
  const restarted = await api('POST', '/accounts/ada/apps/blog/restart');
  t.is((await job(restarted.json.job)).state, 'done');
  t.like(last(), { gone: { apps: ['site'], databases: [] }, databases: [{ name: 'ada_site' }] });
  t.deepEqual(
    last().slots.map(slot => [slot.app, slot.generation]),
    [['blog', 2]],
  );
  t.is((await api('POST', `/jobs/${restarted.json.job}/retry`)).json.code, 'not-failed');
  t.is((await api('POST', `/jobs/${json.job}/retry`)).status, 202);
  t.is((await job(json.job)).state, 'done');
  t.is(last().runtimes.find(runtime => runtime.app === 'site')?.owner?.password, json.owner.password);
  await job((await api('POST', '/accounts/ada/apps/site/stop')).json.job);
  t.is((await api('GET', '/accounts/ada/apps/site')).json.state, 'stopped');
  const site = last().runtimes.find(runtime => runtime.app === 'site');
  t.is(site?.owner?.password, undefined, 'the password travels until the app has been built once');
});

it('one job of an account runs at a time, and each delivery has a higher generation', async t => {
  const { api, agent, job } = stage();
  const before = agent.heard.length;
  let [running, most] = [0, 0];
  const slow = async (tell: (event: never) => void, manifest: { generation: number }) => {
    most = Math.max(most, ++running);
    await sleep(40);
    running--;
    tell({ type: 'end', ok: true, generation: manifest.generation } as never);
  };
  for (let index = 0; index < 6; index++) agent.scripts.push(slow as never);
  const answers = await Promise.all(Array.from({ length: 6 }, () => api('POST', '/accounts/ada/apps/blog/restart')));
  for (const { json } of answers) t.is((await job(json.job)).state, 'done');
  t.is(most, 1);
  const generations = agent.heard
    .slice(before)
    .filter(one => one.method === 'PUT')
    .map(one => one.manifest!.generation);
  t.deepEqual(
    generations,
    [...generations].sort((a, b) => a - b),
  );
});

it('a plan is asked for before anything is made', async t => {
  const { api } = stage();
  const before = await select('SELECT (SELECT COUNT(*) FROM apps) AS apps, (SELECT COUNT(*) FROM jobs) AS jobs');
  const { status, json } = await api('POST', '/accounts/ada/apps?dryRun=1', { ...flask, name: 'third' });
  t.deepEqual([status, json.steps.length], [200, 3]);
  t.true(json.steps[0].why.length > 5);
  t.deepEqual((await api('DELETE', '/accounts/ada', { dryRun: true })).json.dryRun, true);
  t.deepEqual(await select('SELECT (SELECT COUNT(*) FROM apps) AS apps, (SELECT COUNT(*) FROM jobs) AS jobs'), before);
});

it('suspend, unsuspend and delete: sessions end, the host is told, a tombstone stays', async t => {
  const { api, raw, job, customerToken } = stage();
  const headers = { Authorization: `Bearer ${await customerToken('ada')}` };
  const { uid } = (await api('GET', '/accounts/ada')).json;
  const suspended = await api('POST', '/accounts/ada/suspend', { reason: 'unpaid' });
  t.is(suspended.status, 202);
  t.is((await raw('GET', '/api/v1/accounts/ada', headers)).status, 401);
  await job(suspended.json.job);
  t.like(last(), { account: { state: 'suspended', reason: 'unpaid' } });
  t.like((await api('GET', '/accounts/ada')).json, { state: 'suspended', reason: 'unpaid' });
  t.is((await api('GET', '/accounts/ada/apps/blog')).json.state, 'suspended');
  await job((await api('POST', '/accounts/ada/unsuspend')).json.job);
  t.is((await raw('GET', '/api/v1/accounts/ada', headers)).status, 200);
  t.is((await api('DELETE', '/accounts/ada', { confirm: 'bob' })).status, 422);
  const deleted = await api('DELETE', '/accounts/ada', { confirm: 'ada' });
  t.is((await job(deleted.json.job)).state, 'done');
  t.like(last('DELETE'), { account: { name: 'ada' } });
  t.is((await api('GET', '/accounts/ada')).status, 404);
  t.like((await api('GET', '/accounts?state=terminated')).json.items, [{ username: 'ada', state: 'terminated', email: '' }]);
  const left =
    'SELECT (SELECT COUNT(*) FROM apps) + (SELECT COUNT(*) FROM `databases`) + (SELECT COUNT(*) FROM domains) + (SELECT COUNT(*) FROM people) AS n';
  t.deepEqual(await select(left), [{ n: 1 }] as never, 'only the administrator is left');
  const again = await api('POST', '/accounts', { username: 'ada', email: 'x@example.org', plan: 'small' });
  t.is(again.status, 201, 'the name is free again');
  t.not(again.json.uid, uid, 'the number is not');
  await job(again.json.job);
  t.like((await api('GET', '/accounts/ada')).json, { state: 'active', uid: again.json.uid });
});
