import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { buildEnvironment } from '../../../agent/settings.ts';
import { automatic } from '../../../agent/stacks/automatic.ts';
import { stackKeeper } from '../../../agent/stacks/keeper.ts';
import { listStacks, slotsByStack } from '../../../agent/stacks/list.ts';
import { specFor } from '../../../agent/stacks/locks.ts';
import { machine } from '../../../provisioning/machine/index.ts';
import type { Manifest } from '../../../provisioning/manifest.ts';
import { apply } from '../../../provisioning/provisioner.ts';
import { slot } from '../../../provisioning/slot/index.ts';
import { slotSpec } from '../../../provisioning/slot/spec.ts';
import { HOST_PYTHON } from '../../../provisioning/stacks/spec.ts';
import { buildManifest } from '../../factories.ts';
import { Held, live } from './held.ts';
import { otherPython } from './pythons.ts';
import { eventually } from './until.ts';

const serial = live(test);
const server = new Held();

const WHERE = `
import os, sys
EARLY = [name for name in ("flask", "django") if name in sys.modules]
def application(environ, start):
    import FRAMEWORK
    start("200 OK", [("X-Pid", str(os.getpid())), ("X-Early", ",".join(EARLY)), ("X-File", FRAMEWORK.__file__)])
    return [FRAMEWORK.__name__.encode()]
`;
const buildSettings = buildEnvironment(process.env);
const noDatabase = { databaseUrl: async () => 'mysql://none', buildEnvironment: buildSettings };
const host = machine(server.at, noDatabase);
const tools = { ...host, buildEnvironment: buildSettings };
const told: string[] = [];
const log = (line: string) => void told.push(line);
const keeper = stackKeeper(host, tools, log, async () => {});

test.before(async () => {
  if (process.getuid?.() === 0) await server.start();
});
test.after.always(() => server.clear());

/** Adds a stack as the hoster does. */
async function add(t: ExecutionContext, requirements: string[], python = HOST_PYTHON) {
  const spec = await specFor(host, tools, { python, requirements });
  const work = keeper.make(spec);
  t.true(await work.done, JSON.stringify(work.events.at(-1)));
  return spec;
}

/** An app whose environment holds just what a stack holds, and the manifest in which Berth chooses the stack. */
function appWith(account: string, framework: string, id: string, python: string | null = null): Manifest {
  const files = { 'app.py': WHERE.replaceAll('FRAMEWORK', framework) };
  const spec = server.make(account, 'site', files);
  const version = spawnSync(python ?? HOST_PYTHON, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2], end="")'], {
    encoding: 'utf8',
  });
  const packages = join(spec.root, `.venv/lib/python${version.stdout}/site-packages`);
  mkdirSync(join(packages, '..'), { recursive: true });
  spawnSync('/usr/bin/cp', ['-a', join(server.at.stack(id), 'site-packages'), packages]);
  spawnSync('/usr/bin/chown', ['-R', `${spec.uid}:${spec.uid}`, join(spec.root, '.venv')]);
  const base = buildManifest();
  const slots = [
    slotSpec.parse({
      ...{ app: 'site', state: 'up', mode: 'on-demand', kind: 'wsgi', entry: 'app:application', stack: 'auto', generation: 1, python },
      ...{ idleSeconds: 60, memoryMb: 256, cpuPercent: 100, processes: 30 },
    }),
  ];
  return { ...base, account: { ...base.account, name: account, uid: spec.uid, gid: spec.uid }, slots };
}

async function applySlots(manifest: Manifest): Promise<string[]> {
  const steps = slot.plan(manifest, await slot.inspect(host, manifest), server.at);
  await apply(host, steps, () => {});
  return steps.map(step => step.why);
}

const chosen = (account: string) => JSON.parse(readFileSync(server.at.slotSpec(account, 'site'), 'utf8')).stack;

serial('a Flask stack from the index: hash-locked, computed, chosen, shared; a second run finds nothing to do', async t => {
  t.timeout(120_000);
  const spec = await add(t, ['Flask']);
  t.regex(spec.id, /^flask-\d+\.\d+$/);
  const again = keeper.make(spec);
  t.true(await again.done);
  t.like(again.events[0], { type: 'plan', steps: [] });
  const folder = server.at.stack(spec.id);
  const { preload, skipped } = JSON.parse(readFileSync(join(folder, 'preload.json'), 'utf8'));
  for (const name of ['flask.app', 'jinja2.environment', 'werkzeug.routing', 'markupsafe._speedups']) t.true(preload.includes(name), name);
  t.deepEqual(skipped, {});
  t.true(readdirSync(join(folder, 'site-packages/flask/__pycache__')).length > 5, 'compiled');
  const manifest = appWith('ada', 'flask', spec.id);
  t.true((await applySlots(manifest)).length > 0);
  t.deepEqual(await applySlots(manifest), [], 'and the choice is the same the next time');
  t.is(chosen('ada'), spec.id);
  const answer = await server.get('ada.site');
  t.is(answer.headers['x-early'], 'flask');
  t.true(answer.headers['x-file']?.startsWith(folder));
  const [status] = (await listStacks(host, await keeper.wanted(), await host.zygotes())).filter(entry => entry.id === spec.id);
  t.like(status, { state: 'ready', origin: 'hoster', apps: ['ada.site'] });
  t.is(status?.zygote?.state, 'ready');
  await t.throwsAsync(specFor(host, tools, { python: HOST_PYTHON, requirements: ['numpy'] }), {
    message: /numpy may not be part of a stack/,
  });
});

serial(
  'an app of its own Django version: bare at first, then its exact stack by itself; a removed stack is left without a lost request',
  async t => {
    t.timeout(180_000);
    const spec = await add(t, ['Django==5.1.4', 'PyMySQL']);
    t.is(spec.id, 'django-5.1');
    const manifest = appWith('bob', 'django', spec.id);
    await applySlots(manifest);
    t.is(chosen('bob'), 'django-5.1');
    const awake = await server.get('bob.site');
    t.is(awake.headers['x-early'], 'django');
    t.deepEqual((await slotsByStack(host))['django-5.1'], ['bob.site']);
    // Taken away under the feet of an app that is awake.
    const work = keeper.unmake(spec);
    const answers = [];
    let over = false;
    work.done.then(() => {
      over = true;
    });
    while (!over) answers.push((await server.get('bob.site')).status);
    t.true(await work.done, JSON.stringify(work.events.at(-1)));
    t.false(existsSync(server.at.stack('django-5.1')) || existsSync(server.at.stackSpec('django-5.1')));
    t.deepEqual(new Set([...answers, 200]), new Set([200]));
    const bare = await server.get('bob.site');
    t.is(bare.headers['x-early'], '');
    t.not(bare.headers['x-pid'], awake.headers['x-pid']);
    t.deepEqual((await applySlots(manifest)).length, 2, 'the spec follows');
    t.is(chosen('bob'), null);

    const own = automatic(host, keeper, tools, { count: 1, bytes: 1 << 30 }, async () => void (await applySlots(manifest)), log);
    own.consider(manifest);
    await own.idle();
    await applySlots(manifest);
    t.regex(chosen('bob') ?? '', /^auto-django-5\.1\.4-[0-9a-f]{8}$/, told.join('\n'));
    t.is((await server.get('bob.site')).headers['x-pid'], bare.headers['x-pid'], 'who is awake is not disturbed');
    await server.ask({ op: 'unload', name: 'bob.site' });
    await applySlots(manifest);
    await eventually(async () => (await host.zygotes()).some(one => one.stack === chosen('bob') && one.state === 'ready'));
    t.is((await server.get('bob.site')).headers['x-early'], 'django');
    const count = told.length;
    own.consider(manifest);
    await own.idle();
    t.is(told.length, count, 'nothing is left to do');
  },
);

serial('a stack for another interpreter', async t => {
  t.timeout(120_000);
  const python = otherPython(server.folder);
  if (!python) {
    t.log('skipped: there is no other CPython on this machine');
    return t.pass();
  }
  const spec = await add(t, ['bottle'], python);
  t.regex(spec.id, /^bottle-\d+\.\d+-py3\.\d+$/);
  t.like(JSON.parse(readFileSync(join(server.at.stack(spec.id), 'stack.json'), 'utf8')), { python });
  await applySlots(appWith('carl', 'bottle', spec.id, python));
  t.is(chosen('carl'), spec.id);
  t.is((await server.get('carl.site')).body, 'bottle');
  const manifest = appWith('dora', 'bottle', spec.id);
  await applySlots(manifest);
  t.is(chosen('dora'), null, 'the host’s own interpreter has no such stack');
});
