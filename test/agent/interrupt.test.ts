import { rm } from 'node:fs/promises';
import test from 'ava';
import { buildAppManifest, suspended } from '../factories.ts';
import { startAgent } from './started.ts';

test('a suspension need not wait for a build: the build ends, begins no further step, and the suspension follows', async t => {
  const app = buildAppManifest('wagtail');
  let building = () => {};
  let goOn = () => {};
  const reached = new Promise<void>(done => {
    building = done;
  });
  const held = new Promise<void>(done => {
    goOn = done;
  });
  const begun: string[] = [];
  const agent = await startAgent(undefined, undefined, async why => {
    begun.push(why);
    if (!/^Install /.test(why)) return;
    building();
    await held;
  });
  t.deepEqual((await agent.call('POST', '/accounts/ada/interrupt')).json(), { interrupted: false });
  const build = agent.call('PUT', '/accounts/ada', app);
  await reached;
  agent.paper.alive.set(app.account.uid, 3);
  t.deepEqual((await agent.call('POST', '/accounts/ada/interrupt')).json(), { interrupted: true });
  t.is(agent.paper.alive.get(app.account.uid), 0);
  const after = begun.length;
  const pause = agent.call('PUT', '/accounts/ada', suspended(app));
  goOn();
  t.like((await build).lines().at(-1), { type: 'end', ok: false });
  t.like((await pause).lines().at(-1), { type: 'end', ok: true });
  t.false(
    begun.slice(after).some(why => /^(Install|Build|Switch|Prepare the code)/.test(why)),
    begun.slice(after).join('\n'),
  );
  await agent.stop();
  await rm(agent.state, { recursive: true, force: true });
});
