import test from 'ava';
import { pins } from '../../provisioning/catalog/recipe.ts';
import { stacks as catalog } from '../../provisioning/catalog/stacks.ts';
import { paperHost } from '../../provisioning/paper/index.ts';
import { apply } from '../../provisioning/provisioner.ts';
import { FRAMEWORKS } from '../../provisioning/stacks/allowed.ts';
import { propose } from '../../provisioning/stacks/automatic.ts';
import { automaticId, hosterId, ownSet, pick, type Standing, serves } from '../../provisioning/stacks/pick.ts';
import { HOST_PYTHON } from '../../provisioning/stacks/spec.ts';
import { buildAppManifest, somewhere } from '../factories.ts';
import { stepsLeft } from './powercut.ts';

const file = { kind: 'file' as const, mode: 0o644, uid: 0, gid: 0 };

test('the largest stack whose every version an app has is chosen, for its own interpreter', t => {
  const standing: Standing[] = [
    { id: 'a', python: HOST_PYTHON, packages: { django: '5.1.4' } },
    { id: 'b', python: HOST_PYTHON, packages: { django: '5.1.4', asgiref: '3.8.1' } },
    { id: 'c', python: HOST_PYTHON, packages: { django: '5.1.4', asgiref: '3.9.0', sqlparse: '1' } },
    { id: 'd', python: '/opt/python3.12/bin/python3.12', packages: { django: '5.1.4', asgiref: '3.8.1', sqlparse: '1' } },
    { id: 'e', python: HOST_PYTHON, packages: {} },
  ];
  const app = { django: '5.1.4', asgiref: '3.8.1', sqlparse: '1', pillow: '11' };
  t.is(pick(app, null, standing), 'b');
  t.is(pick(app, '/opt/python3.12/bin/python3.12', standing), 'd');
  t.is(pick({ ...app, asgiref: '3.9.0' }, null, standing), 'c');
  t.is(pick({ django: '5.2' }, null, standing), null);
  t.is(pick(null, null, standing), null);
  t.is(pick(app, null, [...standing].reverse()), 'b', 'in whatever order they are found');
});

test('an app’s own set is its framework and what is at work with it; the same set is one stack', t => {
  const env = { django: '5.1.4', asgiref: '3.8.1', sqlparse: '0.5', pillow: '11', requests: '2', jinja2: '3' };
  const set = ownSet(env);
  t.deepEqual(set, { asgiref: '3.8.1', django: '5.1.4', sqlparse: '0.5' });
  t.is(ownSet({ pillow: '11', click: '8' }), null);
  t.regex(automaticId(set ?? {}, HOST_PYTHON), /^auto-django-5\.1\.4-[0-9a-f]{8}$/);
  t.is(automaticId({ sqlparse: '0.5', django: '5.1.4', asgiref: '3.8.1' }, HOST_PYTHON), automaticId(set ?? {}, HOST_PYTHON));
  t.not(automaticId(set ?? {}, '/opt/x/python3.12'), automaticId(set ?? {}, HOST_PYTHON));
  t.is(hosterId({ fastapi: '0.1.2', starlette: '1' }, HOST_PYTHON), 'fastapi-0.1');
  t.is(hosterId({ click: '8' }, HOST_PYTHON), null);
  t.is(FRAMEWORKS[0], 'django');
  const standing = [{ id: 'x', python: HOST_PYTHON, packages: { django: '5.1.4' } }];
  t.true(serves('x', env, standing), 'the framework is what counts');
  const slots = ['one', 'two', 'three'].map(app => ({ name: `ada.${app}`, app, python: null }));
  const found = propose(slots, { standing: [], environments: { one: env, two: { ...env, flask: '3' }, three: env } });
  t.deepEqual(
    found.map(proposal => proposal.apps),
    [['ada.one', 'ada.three'], ['ada.two']],
  );
  t.deepEqual(propose(slots, { standing, environments: { one: env, two: null, three: env } }), []);
});

test('an app of the catalog starts from the stack with its versions: decided before it is built, the same afterwards, anew when stacks change', async t => {
  const host = paperHost(somewhere);
  const { layout } = host;
  const manifest = buildAppManifest('django');
  const stack = async () => JSON.parse((await host.text(layout.slotSpec('ada', 'blog', 'web'))) ?? '{}').stack;
  const put = (id: string, packages: object) =>
    host.paper.entries.set(`${layout.stack(id)}/stack.json`, { ...file, text: JSON.stringify({ id, python: HOST_PYTHON, packages }) });
  const pinned = Object.fromEntries(
    catalog()
      .flatMap(one => (one.id === 'django-5.2' ? pins(one.lock) : []))
      .map(pin => [pin.name, pin.version]),
  );
  put('django-5.2', pinned);
  put('django-4.2', { django: '4.2.1' });
  await apply(host, await stepsLeft(host, manifest), () => {});
  t.is(await stack(), 'django-5.2');
  t.deepEqual(await stepsLeft(host, manifest), []);
  host.paper.entries.delete(`${layout.stack('django-5.2')}/stack.json`);
  const steps = await stepsLeft(host, manifest);
  t.deepEqual(
    steps.map(step => step.do),
    ['write', 'slot'],
  );
  await apply(host, steps, () => {});
  t.is(await stack(), null);
  // The customer installed another version by hand.
  put('django-5.2', pinned);
  for (const [venv, packages] of host.paper.environments) host.paper.environments.set(venv, { ...packages, django: '4.2.1' });
  await apply(host, await stepsLeft(host, manifest), () => {});
  t.is(await stack(), 'django-4.2');
});
