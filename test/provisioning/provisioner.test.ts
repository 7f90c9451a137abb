import test from 'ava';
import { type Manifest, manifestSchema } from '../../provisioning/manifest.ts';
import { blankPaper, type Paper, paperHost } from '../../provisioning/paper/index.ts';
import { apply, resources } from '../../provisioning/provisioner.ts';
import { specText } from '../../provisioning/slot/contents.ts';
import { buildAppManifest, buildManifest, somewhere, suspended, without, withProcesses } from '../factories.ts';
import { applyWithCuts, stepsLeft } from './powercut.ts';

const plain = (paper: Paper) =>
  JSON.parse(
    JSON.stringify(paper, (key, value) =>
      value instanceof Map ? [...value].sort() : value instanceof Set ? [...value].sort() : key === 'since' ? 0 : value,
    ),
  );

/** Everything that can happen to an account: what stands before, and what is wanted then. */
const app = buildAppManifest('wagtail');
const rotated: Manifest = { ...app, generation: 2, databases: app.databases.map(spec => ({ ...spec, password: 'Bb1_Bb1-Bb1_Bb1-Bb1_' })) };
const called = (manifest: Manifest, generation: number, alias: string | null): Manifest => ({
  ...manifest,
  generation,
  account: { ...manifest.account, alias },
});
const processes = withProcesses(app);
const swapped = {
  ...processes,
  generation: 3,
  slots: processes.slots.map(slot => (slot.process === 'queue' ? { ...slot, role: 'scheduled' as const, schedule: '@hourly' } : slot)),
};
const php = {
  ...app,
  generation: 2,
  slots: app.slots.map(slot => ({ ...slot, kind: 'php' as const, entry: null, stack: null, generation: 2 })),
};
const journeys: Record<string, { before: Manifest[]; after: Manifest; removing?: boolean }> = {
  'a bare account': { before: [], after: buildManifest() },
  'an account with an app': { before: [], after: app },
  'an app added later': { before: [buildManifest()], after: { ...app, generation: 2 } },
  'a new password': { before: [app], after: rotated },
  'a restart': { before: [app], after: { ...app, generation: 2, slots: app.slots.map(slot => ({ ...slot, generation: 2 })) } },
  'a second release': {
    before: [app],
    after: { ...app, generation: 2, runtimes: app.runtimes.map(runtime => ({ ...runtime, release: 2 })) },
  },
  'a stopped app': {
    before: [app],
    after: { ...app, generation: 2, slots: app.slots.map(slot => ({ ...slot, state: 'stopped' as const })) },
  },
  suspension: { before: [app], after: suspended(app) },
  'suspension lifted': { before: [app, suspended(app)], after: { ...app, generation: 3 } },
  'an app that becomes PHP': { before: [app], after: php },
  'a PHP app suspended': { before: [php], after: suspended(php) },
  'an app deleted': { before: [app], after: without(app, 'blog') },
  'a worker and a scheduled process added': { before: [app], after: processes },
  'processes left out': { before: [app, processes], after: { ...app, generation: 3 } },
  'a worker that becomes scheduled': { before: [processes], after: swapped },
  'processes restarted': {
    before: [processes],
    after: { ...processes, generation: 3, slots: processes.slots.map(slot => ({ ...slot, generation: 2 })) },
  },
  'suspension with processes': { before: [processes], after: suspended(processes) },
  'an app with processes deleted': { before: [processes], after: without(processes, 'blog') },
  'an account with processes removed': { before: [processes], after: processes, removing: true },
  'an account renamed': { before: [app], after: called(app, 2, 'adele') },
  'an account renamed again': { before: [app, called(app, 2, 'adele')], after: called(app, 3, 'amelia') },
  'an account given back its first name': { before: [app, called(app, 2, 'adele')], after: called(app, 3, null) },
  'a renamed account removed': { before: [app, called(app, 2, 'adele')], after: called(app, 2, 'adele'), removing: true },
  'an account removed': { before: [app], after: app, removing: true },
  'a suspended account removed': { before: [app, suspended(app)], after: suspended(app), removing: true },
};

async function hostAfter(manifests: Manifest[]) {
  const host = paperHost(somewhere, blankPaper());
  for (const manifest of manifests) await apply(host, await stepsLeft(host, manifest), () => {});
  // A customer's processes and sessions run; suspension and removal have to find them.
  if (manifests.length) host.paper.alive.set(200_001, 2);
  for (const user of host.paper.users.values()) user.sessions = 1;
  return host;
}

for (const [name, { before, after, removing }] of Object.entries(journeys)) {
  test(`${name}: a second plan is empty, and two applies equal one`, async t => {
    const host = await hostAfter(before);
    const steps = await stepsLeft(host, after, removing);
    t.true(steps.length > 0);
    await apply(host, steps, () => {});
    t.deepEqual(await stepsLeft(host, after, removing), []);
  });

  test(`${name}: the power may go after any step`, async t => {
    const whole = await hostAfter(before);
    const steps = await stepsLeft(whole, after, removing);
    await apply(whole, steps, () => {});
    for (let cut = 0; cut <= steps.length; cut++) {
      const host = await hostAfter(before);
      await applyWithCuts(host, after, [cut], removing);
      t.deepEqual(plain(host.paper), plain(whole.paper), `after step ${cut}: ${steps[cut - 1]?.why}`);
    }
  });

  test(`${name}: the power may go after every step`, async t => {
    const whole = await hostAfter(before);
    const steps = await stepsLeft(whole, after, removing);
    await apply(whole, steps, () => {});
    const host = await hostAfter(before);
    await applyWithCuts(host, after, Array(steps.length).fill(1), removing);
    t.deepEqual(plain(host.paper), plain(whole.paper));
  });

  test(`${name}: every step has a sentence of its own`, async t => {
    const host = await hostAfter(before);
    const steps = await stepsLeft(host, after, removing);
    t.is(new Set(steps.map(step => step.why)).size, steps.length);
    for (const step of steps) {
      t.regex(step.why, /^[A-Z]/);
      t.true(resources.some(resource => resource.name === step.resource));
    }
  });
}

test('removal leaves a blank host', async t => {
  const host = await hostAfter([app]);
  await applyWithCuts(host, app, [], true);
  const blank = blankPaper();
  blank.alive.set(200_001, 0);
  t.deepEqual(plain(host.paper), plain(blank));
});

test('a database left out of a manifest is refused, not deleted', async t => {
  const host = await hostAfter([app]);
  await t.throwsAsync(stepsLeft(host, { ...app, databases: [] }), { message: /does not mention the database ada_blog/ });
  await t.throwsAsync(stepsLeft(host, { ...app, runtimes: [] }), { message: /does not mention the app blog/ });
});

test('an address another account serves is refused', async t => {
  const host = await hostAfter([app]);
  const other = buildAppManifest('flask', 'blog', { account: { ...app.account, name: 'bob', uid: 200_002, gid: 200_002 } });
  const taken = { ...other, databases: [], configs: other.configs.map(config => ({ ...config, database: null })) };
  await t.throwsAsync(stepsLeft(host, taken), { message: /already served for another account/ });
});

test('every slot of an account is found and ended, also one that no manifest tells of any more', async t => {
  const host = await hostAfter([processes]);
  t.deepEqual([...host.paper.slots.keys()].sort(), ['ada.blog', 'ada.blog.nightly', 'ada.blog.queue']);
  // slotd has been restarted and does not hold it; only its spec and its trace are left.
  host.paper.slots.delete('ada.blog.queue');
  for (const wanted of [suspended(app), { ...app, generation: 4 }]) {
    await apply(host, await stepsLeft(host, wanted), () => {});
    t.deepEqual(
      [...host.paper.entries.keys()].filter(path => path.includes('queue') || path.includes('nightly')),
      [],
    );
  }
  t.deepEqual([...host.paper.slots.keys()], ['ada.blog']);
});

test("a process's spec has a name, socket and words of its own, and the app's log and environment", t => {
  const [web, queue] = processes.slots;
  const text = (slot = web!) => JSON.parse(specText(processes, slot, somewhere)) as Record<string, unknown>;
  t.like(text(), { name: 'ada.blog', process: 'web', socket: '/run/berth/slots/ada.blog.sock', argv: null });
  const argv = ['{venv}/bin/python', '{root}/queue.py', '{other}'];
  const root = '/home/ada/apps/blog/current';
  t.like(text({ ...queue!, argv }), {
    ...{ name: 'ada.blog.queue', process: 'queue', role: 'worker', socket: '/run/berth/slots/ada.blog.queue.sock', entry: null },
    ...{ log: '/state/logs/ada/blog/app.log', environment: '/state/users/ada/blog.env.json' },
    argv: [`${root}/.venv/bin/python`, `${root}/queue.py`, '{other}'],
  });
});

test('slots that contradict each other are refused, each by name', t => {
  const wrong = (slots: unknown[], more = {}) =>
    manifestSchema.safeParse({ ...processes, slots, ...more }).error?.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`) ??
    [];
  const [web, queue, nightly] = processes.slots;
  t.deepEqual(wrong([web, queue, nightly]), []);
  t.deepEqual(wrong([web, queue, queue]), ['slots.2.process: blog has a process named queue already']);
  t.regex(wrong([queue]).join(), /slots\.0\.app: blog has no web slot.*sites\.0\.app: the app blog has no web slot/);
  t.regex(wrong([web, { ...queue, schedule: '@daily' }]).join(), /slots\.1\.schedule: a scheduled slot has a schedule/);
  t.regex(wrong([web, { ...nightly, schedule: '61 * * * *' }]).join(), /slots\.1\.schedule: the minute must be from 0 to 59/);
  t.regex(wrong([web, { ...nightly, schedule: '0 0 31 2,4 *' }]).join(), /never comes/);
  t.regex(wrong([web, { ...nightly, schedule: '@reboot' }]).join(), /use five fields/);
  t.deepEqual(wrong([web, { ...nightly, schedule: '*/15,7 9-17/2 1 jan-MAR mon,fri' }]), []);
  t.regex(wrong([web, { ...queue, kind: 'wsgi', argv: null }]).join(), /slots\.1\.entry.*slots\.1\.kind: a worker/);
});

test('a unix user that Berth did not make is refused', async t => {
  const host = paperHost(somewhere, blankPaper());
  host.paper.entries.set('/etc/passwd', { kind: 'file', mode: 0o644, uid: 0, gid: 0, text: 'ada:x:1000:1000::/home/ada:/bin/sh\n' });
  await t.throwsAsync(stepsLeft(host, buildManifest()), { message: /already has a user or group "ada"/ });
});

test('no secret is in what people see of a plan', async t => {
  const host = paperHost(somewhere, blankPaper());
  const steps = await stepsLeft(host, app);
  const seen =
    JSON.stringify(steps.map(({ why, resource }) => ({ why, resource }))) +
    JSON.stringify(steps.filter(step => step.do === 'run-as' || step.do === 'sql'));
  for (const secret of [app.databases[0]!.password, app.runtimes[0]!.owner!.password!, app.configs[0]!.secretKey])
    t.false(seen.includes(secret));
});

test('a home that is somebody else’s is refused, and not touched', async t => {
  const paper = blankPaper();
  const host = paperHost(somewhere, paper);
  paper.entries.set('/home/ada', { kind: 'folder', mode: 0o700, uid: 1234, gid: 1234 });
  await t.throwsAsync(stepsLeft(host, buildManifest()), { message: /already belongs to the unix user number 1234/ });
});
