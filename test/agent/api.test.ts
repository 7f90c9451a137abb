import test from 'ava';
import { buildAppManifest, buildManifest, suspended, without } from '../factories.ts';
import { startAgent } from './started.ts';

test('a manifest is made true, told step by step, and then nothing is left to do', async t => {
  const agent = await startAgent();
  const manifest = buildAppManifest('wagtail');
  const preview = (await agent.call('POST', '/accounts/ada/plan', manifest)).json().steps;
  t.true(preview.length > 20);
  const told = (await agent.call('PUT', '/accounts/ada', manifest)).lines();
  t.deepEqual(told[0], { type: 'plan', steps: preview });
  t.deepEqual(told.at(-1), { type: 'end', ok: true, generation: 1 });
  const done = told.filter(event => event.type === 'step' && event.state === 'done').map(event => event.id);
  t.deepEqual(
    done,
    preview.map((step: { id: string }) => step.id),
  );
  const again = (await agent.call('PUT', '/accounts/ada', manifest)).lines();
  t.deepEqual(again, [
    { type: 'plan', steps: [] },
    { type: 'end', ok: true, generation: 1 },
  ]);
  t.deepEqual((await agent.call('GET', '/accounts/ada')).json(), { applied: 1, wanted: 1, busy: false, drift: [] });
  await agent.stop();
});

test('a preview changes nothing', async t => {
  const agent = await startAgent();
  const before = agent.paper.entries.size;
  await agent.call('POST', '/accounts/ada/plan', buildAppManifest('flask'));
  t.is(agent.paper.entries.size, before);
  t.deepEqual((await agent.call('GET', '/accounts/ada')).json(), { applied: null, wanted: null, busy: false, drift: null });
  await agent.stop();
});

test('an older generation is refused, and so is what is no manifest', async t => {
  const agent = await startAgent();
  await agent.call('PUT', '/accounts/ada', buildManifest({ generation: 5 }));
  const old = await agent.call('PUT', '/accounts/ada', buildManifest({ generation: 4 }));
  t.is(old.status, 409);
  t.is(old.json().code, 'manifest-old');
  for (const [body, field] of [
    ['{', ''],
    [{ ...buildManifest(), surprise: 1 }, 'body'],
    [{ ...buildManifest(), account: { ...buildManifest().account, name: '../x' } }, 'account.name'],
    [buildManifest({ account: { ...buildManifest().account, name: 'bob' } }), 'account.name'],
  ] as const) {
    const answer = await agent.call('PUT', '/accounts/ada', body);
    t.true(answer.status >= 400 && answer.status < 500, answer.text);
    if (field) t.is(answer.json().errors[0].field, field);
  }
  t.is((await agent.call('GET', '/accounts/..%2Fx')).status, 404);
  t.is((await agent.call('GET', '/nothing')).status, 404);
  await agent.stop();
});

test('two requests for the same manifest share one work', async t => {
  let acts = 0;
  const agent = await startAgent(undefined, undefined, async () => {
    acts++;
    await new Promise(go => setTimeout(go, 2));
  });
  const manifest = buildManifest();
  const answers = await Promise.all([1, 2, 3].map(() => agent.call('PUT', '/accounts/ada', manifest)));
  for (const answer of answers) t.deepEqual(answer.lines().at(-1), { type: 'end', ok: true, generation: 1 });
  t.is(acts, answers[0]!.lines()[0].steps.length);
  await agent.stop();
});

test('a step that fails is told with its cause, and trying again goes on from there', async t => {
  let broken = true;
  const agent = await startAgent(undefined, undefined, async why => {
    if (broken && why.startsWith('Create the database ')) throw new Error('the disk is full');
  });
  const manifest = buildAppManifest('django');
  const first = (await agent.call('PUT', '/accounts/ada', manifest)).lines();
  t.like(first.at(-1), { type: 'end', ok: false, error: 'the disk is full' });
  t.like(first.at(-2), { type: 'step', state: 'failed', error: 'the disk is full' });
  broken = false;
  const second = (await agent.call('PUT', '/accounts/ada', manifest)).lines();
  t.true(second[0].steps.length < first[0].steps.length);
  t.like(second.at(-1), { type: 'end', ok: true });
  await agent.stop();
});

test('suspending closes the site first; deleting leaves nothing', async t => {
  const agent = await startAgent();
  const manifest = buildAppManifest('flask');
  await agent.call('PUT', '/accounts/ada', manifest);
  const closing = (await agent.call('PUT', '/accounts/ada', suspended(manifest))).lines()[0].steps;
  t.is(closing[0].resource, 'site');
  t.is(closing.at(-1).resource, 'account');
  const gone = { ...without(manifest, 'blog'), generation: 3 };
  t.like((await agent.call('PUT', '/accounts/ada', gone)).lines().at(-1), { ok: true });
  const removed = (await agent.call('DELETE', '/accounts/ada', { ...gone, generation: 4 })).lines();
  t.like(removed.at(-1), { ok: true });
  t.deepEqual([...agent.paper.entries.keys()].sort(), ['/etc/group', '/etc/passwd']);
  t.deepEqual((await agent.call('GET', '/accounts/ada')).json(), { applied: null, wanted: null, busy: false, drift: null });
  await agent.stop();
});
