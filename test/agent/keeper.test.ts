import { rm } from 'node:fs/promises';
import test from 'ava';
import { buildAppManifest } from '../factories.ts';
import { startAgent } from './started.ts';

/** What a killed process does at its next step: nothing, for ever. */
const never = () => new Promise<void>(() => {});

test('killed at any step, the agent takes the work up again and ends whole', async t => {
  const manifest = buildAppManifest('wagtail');
  const probe = await startAgent();
  const total = (await probe.call('POST', '/accounts/ada/plan', manifest)).json().steps.length;
  await probe.stop();
  for (const cut of [0, 1, Math.floor(total / 2), total - 1]) {
    let done = 0;
    const first = await startAgent(undefined, undefined, async () => {
      if (done++ === cut) await never();
    });
    first.call('PUT', '/accounts/ada', manifest).catch(() => {});
    while (done <= cut) await new Promise(go => setTimeout(go, 5));
    first.abandon();
    const second = await startAgent(first.state, first.paper);
    await second.keep.resume();
    await second.line.idle();
    t.deepEqual((await second.call('GET', '/accounts/ada')).json(), { applied: 1, wanted: 1, busy: false, drift: [] });
    // The panel, whose line was cut, sends the same manifest again.
    t.deepEqual((await second.call('PUT', '/accounts/ada', manifest)).lines().at(-1), { type: 'end', ok: true, generation: 1 });
    await second.stop();
    await rm(first.state, { recursive: true, force: true });
  }
});

test('after a reboot the links and slots come back without the panel', async t => {
  const agent = await startAgent();
  await agent.call('PUT', '/accounts/ada', buildAppManifest('flask'));
  const link = agent.at.site('blog-ada.localhost');
  agent.paper.entries.delete(link);
  agent.paper.slots.clear();
  await agent.keep.boot();
  t.truthy(agent.paper.entries.get(link)?.target);
  t.is(agent.paper.slots.size, 1);
  await agent.stop();
});

test('what somebody changed by hand is told as drift and left alone', async t => {
  const agent = await startAgent();
  await agent.call('PUT', '/accounts/ada', buildAppManifest('flask'));
  agent.paper.databases.delete('ada_blog');
  await agent.keep.boot();
  const { drift } = (await agent.call('GET', '/accounts/ada')).json();
  t.deepEqual(
    drift.map((step: { why: string }) => step.why),
    ['Create the database ada_blog'],
  );
  await agent.stop();
});
