import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import { stacks } from '../../../provisioning/catalog/stacks.ts';
import { stackRecord } from '../../../provisioning/stacks/plan.ts';
import { fromCatalog } from '../../../provisioning/stacks/spec.ts';
import { Held, live } from './held.ts';
import { FILES, type Project, VARIANTS } from './readymade.ts';

const serial = live(test);
const server = new Held();
const PYTHON = '/usr/bin/python3';
const VERSION = spawnSync(PYTHON, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2], end="")'], { encoding: 'utf8' }).stdout;
const SHARED = join(server.folder, 'packages');

/** Installs Django once, and makes Berth's own stack of it. */
test.before(async t => {
  if (process.getuid?.() !== 0) return;
  t.timeout(180_000);
  const django = stacks().find(stack => stack.id === 'django-5.2');
  if (!django) throw new Error('there is no stack django-5.2');
  const lock = join(server.folder, 'requirements.lock');
  writeFileSync(lock, django.lock);
  const pip = ['-m', 'pip', 'install', '-q', '--root-user-action', 'ignore', '--require-hashes', '--no-deps', '--target', SHARED];
  const { status, stderr } = spawnSync(PYTHON, [...pip, '--only-binary', ':all:', '-r', lock], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr.slice(-1000));
  const folder = server.at.stack('django-5.2');
  mkdirSync(folder, { recursive: true });
  spawnSync('/usr/bin/cp', ['-al', SHARED, join(folder, 'site-packages')]);
  const preload = readFileSync(resolve(server.at.slotdFolder, 'stacks/django-5.2.json'), 'utf8');
  writeFileSync(join(folder, 'stack.json'), stackRecord(fromCatalog(django), VERSION, preload));
  await server.start();
});
test.after.always(() => server.clear());

/** What one project tells of itself when it runs with the stack, or from a bare interpreter. */
async function tell(account: string, project: Project, stack: string | null): Promise<{ given: unknown; told: Record<string, unknown> }> {
  const limits = { memoryMb: 256, cpuPercent: 200, processes: 30, openFiles: 256 };
  const spec = server.make(account, 'site', { ...FILES, ...project }, { stack, entry: 'wsgi:application', limits });
  const packages = join(spec.root, `.venv/lib/python${VERSION}/site-packages`);
  mkdirSync(join(packages, '..'), { recursive: true });
  spawnSync('/usr/bin/cp', ['-al', SHARED, packages]);
  const answer = await server.ask({ op: 'load', name: spec.name });
  if (!answer.ok) throw new Error(answer.error);
  const { status, body } = await server.get(spec.name);
  if (status !== 200) throw new Error(`${status} ${server.log(spec.name)}`);
  return JSON.parse(body);
}

for (const [n, [name, { files, ready }]] of Object.entries(VARIANTS).entries()) {
  serial(`ready-made modules: ${name} is the same project with a stack and without`, async t => {
    t.timeout(60_000);
    const plain = await tell(`plain${n}`, files, null);
    // The first wake may come while the stack's zygote still starts, which a bare interpreter then answers.
    for (let tries = 0; !(await server.ask({ op: 'ping' })).stacks?.includes('django-5.2') && tries < 1; tries++) {
      await tell(`first${n}`, files, 'django-5.2');
      await new Promise(done => setTimeout(done, 3000));
    }
    const stacked = await tell(`stack${n}`, files, 'django-5.2');
    t.is(plain.given, null);
    t.is(stacked.given, ready);
    for (const [what, seen] of Object.entries(plain.told)) t.deepEqual(stacked.told[what], seen, what);
  });
}
