import test from 'ava';
import { Refused } from '../../../provisioning/errors.ts';
import { foundation, planPart } from '../../../provisioning/foundation/index.ts';
import { installed } from '../../../provisioning/foundation/inspect.ts';
import { planPackages } from '../../../provisioning/foundation/plan.ts';
import { folders, foundationSpec, packages, phpService } from '../../../provisioning/foundation/spec.ts';
import type { Host } from '../../../provisioning/host.ts';
import type { Step } from '../../../provisioning/steps.ts';
import { at, freshDebian, wanted } from './debian.ts';

class PowerCut extends Error {}

/** Lays the foundation; the power goes after `steps` steps. Answers the steps that were done. */
async function lay(host: Host, steps = Number.POSITIVE_INFINITY): Promise<Step[]> {
  const done: Step[] = [];
  for (const part of foundation) {
    for (const step of await planPart(part, host, wanted)) {
      if (done.length === steps) throw new PowerCut();
      await host.act(step, () => {});
      done.push(step);
    }
  }
  return done;
}

test('a fresh Debian needs many steps, and none the second time', async t => {
  const host = freshDebian();
  const steps = await lay(host);
  t.true(steps.length > 30);
  t.deepEqual(await lay(host), []);
  for (const step of steps) t.regex(step.why, /^[A-Z].{8,}[^.]$/);
  t.is(new Set(steps.map(step => step.why)).size, steps.length, 'every step has a sentence of its own');
});

test('the power may go after every step', async t => {
  const whole = freshDebian();
  const count = (await lay(whole)).length;
  for (let cut = 0; cut < count; cut++) {
    const host = freshDebian();
    await t.throwsAsync(lay(host, cut), { instanceOf: PowerCut });
    await lay(host);
    t.deepEqual(new Map([...host.paper.entries].sort()), new Map([...whole.paper.entries].sort()), `cut after step ${cut}`);
    t.deepEqual(await lay(host), []);
  }
});

test('packages come in one run, without starting a service, and never remove others', async t => {
  const host = freshDebian();
  await lay(host);
  const installs = host.ran.filter(argv => argv.includes('install') && argv[0]?.endsWith('apt-get'));
  t.is(installs.length, 1);
  t.true(installs[0]?.includes('--no-remove') && installs[0].includes('--no-install-recommends'));
  const why = planPackages(wanted, { missing: ['nginx'], policy: null, phpService: null }).map(step => step.do);
  t.deepEqual(why, ['write', 'run', 'run', 'run', 'delete']);
});

test('PHP comes with a service that stays off; an own FPM that was there before is not touched', t => {
  const plan = (missing: string[]) =>
    planPackages(wanted, { missing, policy: null, phpService: phpService('ID=debian\nVERSION_ID="12"\n') });
  t.true(plan(['php-fpm']).some(step => step.do === 'run' && step.argv.at(-1) === 'php8.2-fpm.service'));
  t.false(plan(['nginx']).some(step => step.do === 'run' && step.argv.at(-1) === 'php8.2-fpm.service'));
  t.is(phpService('ID=arch\n'), null);
});

test('a service policy that somebody else wrote stays', t => {
  const steps = planPackages(wanted, { missing: ['nginx'], policy: '#!/bin/sh\nexit 101\n', phpService: null });
  t.false(steps.some(step => step.do === 'write' || step.do === 'delete'));
});

test('an nginx that was there before is not touched', t => {
  t.deepEqual(
    planPackages(wanted, { missing: ['git'], policy: null, phpService: null }).map(step => step.do),
    ['run', 'run'],
  );
});

test('only fully installed packages count', t => {
  const status =
    'Package: a\nStatus: install ok installed\n\nPackage: b\nStatus: deinstall ok config-files\n\nPackage: c\nStatus: install ok half-configured\n';
  t.deepEqual([...installed(status)], ['a']);
});

test('later systems need the package that holds the name mysql', t => {
  const release = (id: string, version: string) => packages(wanted, `ID=${id}\nVERSION_ID="${version}"\n`);
  t.false(release('debian', '12').includes('mariadb-client-compat'));
  t.true(release('debian', '13').includes('mariadb-client-compat'));
  t.false(release('ubuntu', '24.04').includes('mariadb-client-compat'));
  t.false(packages({ embeddedDatabase: false }, '').includes('mariadb-server-core'));
});

test('strangers find nothing to list', t => {
  const open = folders(at, wanted).filter(({ mode }) => mode & 0o004);
  const harmless = [at.stacks, at.servers, at.nginxFolder, at.nginxPages, at.run, at.mysqlRun];
  t.deepEqual(open.map(({ path }) => path).sort(), harmless.sort());
  t.false(
    folders(at, wanted).some(({ mode }) => mode & 0o022),
    'and nothing to write to',
  );
});

test('a stranger called berth is refused, as is a name service that does not look', async t => {
  const host = freshDebian();
  const [packagesPart, ground] = foundation;
  for (const step of await planPart(packagesPart!, host, wanted)) await host.act(step, () => {});
  const passwd = host.paper.entries.get('/etc/passwd')!;
  host.paper.entries.set('/etc/passwd', { ...passwd, text: `${passwd.text}berth:x:1000:1000::/home/berth:/bin/bash\n` });
  await t.throwsAsync(planPart(ground!, host, wanted), { instanceOf: Refused, message: /already has a user or group "berth"/ });
  host.paper.entries.set('/etc/passwd', passwd);
  const names = host.paper.entries.get('/etc/nsswitch.conf')!;
  host.paper.entries.set('/etc/nsswitch.conf', { ...names, text: 'passwd: files\ngroup: files systemd\n' });
  await t.throwsAsync(planPart(ground!, host, wanted), { instanceOf: Refused, message: /\/etc\/userdb/ });
});

test('a folder nobody may pass through is refused with the command that opens it', async t => {
  const host = freshDebian();
  const [packagesPart, ground] = foundation;
  for (const step of await planPart(packagesPart!, host, wanted)) await host.act(step, () => {});
  host.paper.entries.set('/var/lib', { kind: 'folder', mode: 0o700, uid: 0, gid: 0 });
  const error = await t.throwsAsync(planPart(ground!, host, wanted), { instanceOf: Refused });
  t.regex((error as Refused).help, /chmod o\+x \/var\/lib/);
});

test('a private folder of root’s that holds nothing but Berth is opened', async t => {
  const host = freshDebian();
  const [packagesPart, ground] = foundation;
  for (const step of await planPart(packagesPart!, host, wanted)) await host.act(step, () => {});
  for (const path of [...host.paper.entries.keys()]) if (path.startsWith('/var/lib/')) host.paper.entries.delete(path);
  host.paper.entries.set('/var/lib', { kind: 'folder', mode: 0o700, uid: 0, gid: 0 });
  const [first] = await planPart(ground!, host, wanted);
  t.like(first, { do: 'folder', path: '/var/lib', mode: 0o711 });
});

test('a stack of another interpreter or lock is built anew, an equal one is left alone', async t => {
  const host = freshDebian();
  await lay(host);
  const stacks = foundation[2]!;
  host.paper.entries.set('/usr/bin/python3', { kind: 'link', mode: 0o777, uid: 0, gid: 0, target: 'python3.13' });
  const steps = await planPart(stacks, host, wanted);
  t.true(steps.some(step => step.do === 'delete') && steps.at(-1)?.do === 'run');
  const pip = steps.find(step => step.do === 'run' && step.argv.includes('--require-hashes'));
  t.true(pip?.do === 'run' && ['--only-binary', ':all:', '--no-deps', '--no-compile'].every(word => pip.argv.includes(word)));
});

test('a server for apps is built anew when its lock changes, and not for another interpreter', async t => {
  const host = freshDebian();
  await lay(host);
  const part = foundation[3]!;
  host.paper.entries.set('/usr/bin/python3', { kind: 'link', mode: 0o777, uid: 0, gid: 0, target: 'python3.13' });
  t.deepEqual(await planPart(part, host, wanted), []);
  const [asgi] = wanted.servers;
  const steps = await planPart(part, host, { ...wanted, servers: [{ ...asgi!, lock: `${asgi!.lock}# newer\n` }] });
  t.true(steps.some(step => step.do === 'delete' && step.path === at.server('asgi')));
  t.true(steps.some(step => step.do === 'run' && step.argv.includes('--require-hashes') && step.argv.includes(':all:')));
});

test('paths that could not stand in a settings file are refused', t => {
  const { stacks: _, servers: __, ...plain } = wanted;
  t.true(foundationSpec.safeParse(plain).success);
  for (const state of ['/var/lib/be rth', '/var/$x', '/a/../b', 'relative', '/x;y', '/x"y', '/tmp/', '/a\nb']) {
    t.false(foundationSpec.safeParse({ ...plain, state }).success, state);
  }
});
