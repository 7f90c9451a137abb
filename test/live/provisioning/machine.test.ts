import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import test from 'ava';
import type { Manifest } from '../../../provisioning/manifest.ts';
import { apply } from '../../../provisioning/provisioner.ts';
import { buildAppManifest, buildManifest, suspended, without, withProcesses } from '../../factories.ts';
import { asCustomer, processesOf } from '../../journeys/customer.ts';
import { applyWithCuts, stepsLeft } from '../../provisioning/powercut.ts';
import { realHost } from './real.ts';

/** A uid and a name no other test uses, since the name service is the machine's own. */
const renamed = (manifest: Manifest): Manifest =>
  JSON.parse(JSON.stringify(manifest).replaceAll('200001', '487001').replaceAll('ada', 'adalive'));

const page = (socketPath: string, host: string): Promise<string> =>
  new Promise((done, fail) => {
    const asked = request({ socketPath, path: '/', headers: { Host: host, Connection: 'close' } }, answer => {
      let text = '';
      answer.on('data', chunk => {
        text += chunk;
      });
      answer.on('end', () => done(text));
    });
    asked.on('error', fail).end();
  });

test('the power going after every step of an account’s life, on the real machine', async t => {
  t.timeout(300_000);
  const { host, at, stop } = await realHost();
  t.teardown(stop);
  const app = renamed(buildAppManifest('flask'));
  const { name, uid } = app.account;
  const everyStep = async (manifest: Manifest, removing = false) => {
    const steps = await stepsLeft(host, manifest, removing);
    t.true(steps.length > 0);
    await applyWithCuts(host, manifest, Array(steps.length).fill(1), removing);
    t.deepEqual(
      (await stepsLeft(host, manifest, removing)).map(step => step.why),
      [],
    );
  };

  await everyStep(renamed(buildManifest()));
  await everyStep({ ...app, generation: 2 });
  const sitePage = () => page(at.site('blog-adalive.localhost'), 'blog-adalive.localhost');
  t.regex(await sitePage(), /content="Flask"/);
  t.regex(await asCustomer(name, at.home(name), ['/usr/bin/mysql', '-N', '-e', 'SELECT DATABASE()'], ''), /adalive_blog/);

  const rotated = { ...app, generation: 3, databases: app.databases.map(spec => ({ ...spec, password: 'Bb1_Bb1-Bb1_Bb1-Bb1_' })) };
  await everyStep(rotated);
  t.regex(await asCustomer(name, at.home(name), ['/usr/bin/mysql', '-N', '-e', 'SELECT 1'], ''), /1/);

  await everyStep({ ...suspended(rotated), generation: 4 });
  t.deepEqual(await processesOf(uid), []);
  await t.throwsAsync(asCustomer(name, at.home(name), ['/usr/bin/mysql', '-e', 'SELECT 1'], ''));

  await everyStep({ ...rotated, generation: 5 });
  t.regex(await sitePage(), /content="Flask"/);

  // A worker and a scheduled process beside it: they run, are found at suspension, and go with the app.
  const processes = withProcesses({ ...rotated, generation: 5 });
  const works = async () => (await processesOf(uid)).filter(({ cgroup }) => cgroup.includes('/blog.queue')).length;
  const soon = async (count: number) => {
    for (let n = 0; n < 100 && (await works()) !== count; n++) await new Promise(done => setTimeout(done, 50));
    t.is(await works(), count);
  };
  await everyStep(processes);
  await soon(1);
  await everyStep(suspended(processes));
  t.deepEqual(await processesOf(uid), []);
  await everyStep({ ...processes, generation: 8 });
  await soon(1);
  t.regex(await sitePage(), /content="Flask"/);

  const gone = { ...without(processes, 'blog'), generation: 9 };
  await everyStep(gone);
  t.deepEqual(await readdir(`${at.home(name)}/apps`), []);
  await everyStep(gone, true);
  t.deepEqual(
    (await readdir('/etc/userdb')).filter(file => /adalive|487001/.test(file)),
    [],
  );
  t.deepEqual(await readdir(at.homes), []);
});

test('root refuses to touch what lies below a home', async t => {
  const { host, at, stop } = await realHost();
  t.teardown(stop);
  const step = { resource: 'test', why: 'Test' };
  for (const path of [`${at.homes}/ada/x`, `${at.homes}/ada/../../etc/x`, `${at.tmps}/ada/x`]) {
    await t.throwsAsync(host.act({ ...step, do: 'write', path, text: 'x', mode: 0o600, uid: 0, gid: 0 }, () => {}));
    await t.throwsAsync(host.act({ ...step, do: 'delete', path }, () => {}));
  }
  await t.throwsAsync(
    apply(host, [{ ...step, do: 'run', argv: ['/bin/false'], timeoutSeconds: 5 }], () => {}),
    { message: /ended with 1/ },
  );
});
