import test from 'ava';
import { stacks as catalog } from '../../provisioning/catalog/stacks.ts';
import { Refused } from '../../provisioning/errors.ts';
import type { Host } from '../../provisioning/host.ts';
import type { Paper } from '../../provisioning/paper/index.ts';
import { apply } from '../../provisioning/provisioner.ts';
import { ALLOWED } from '../../provisioning/stacks/allowed.ts';
import { makeRoom } from '../../provisioning/stacks/automatic.ts';
import { inspectInterpreter, inspectStacks } from '../../provisioning/stacks/inspect.ts';
import { planRemoval, planStack, planWish, refuseStrangers } from '../../provisioning/stacks/plan.ts';
import { HOST_PYTHON, lockText, requirement, type StackSpec, type StackStatus, stackId } from '../../provisioning/stacks/spec.ts';
import type { Step } from '../../provisioning/steps.ts';
import { at, freshDebian } from './foundation/debian.ts';

const hash = (letter: string) => `--hash=sha256:${letter.repeat(64)}`;
const lock = `flask==3.1.3 \\\n    ${hash('a')}\nwerkzeug==3.1.5 ${hash('b')} ${hash('c')}\n`;
const wanted: StackSpec = { id: 'flask-3.1', python: HOST_PYTHON, lock, origin: 'hoster' };
const making = { pipEnvironment: {}, inUse: true };
const file = { kind: 'file' as const, mode: 0o755, uid: 0, gid: 0, text: '' };
const folder = { kind: 'folder' as const, mode: 0o755, uid: 0, gid: 0 };

/** A pretend Debian with Python on it, whose `mv` moves. */
function debian() {
  const host = freshDebian();
  host.paper.entries.set('/usr/bin/python3', { kind: 'link', mode: 0o777, uid: 0, gid: 0, target: 'python3.11' });
  host.paper.entries.set('/usr/bin/python3.11', file);
  host.paper.entries.set('/usr/share/python-wheels/pip-23.0.1-py3-none-any.whl', file);
  return host;
}

async function stepsTo(host: Host, spec: StackSpec): Promise<Step[]> {
  const found = await inspectStacks(host, [spec]);
  return [...planWish(spec, await host.text(at.stackSpec(spec.id)), at), ...planStack(spec, found, at, making)];
}

async function stepsFrom(host: Host, spec: StackSpec): Promise<Step[]> {
  return planRemoval(spec.id, await inspectStacks(host, [spec]), await host.text(at.stackSpec(spec.id)), at);
}

const things = (host: { paper: Paper }) => new Map([...host.paper.entries].sort());

class PowerCut extends Error {}

/** Does the steps that `plan` finds; the power goes after each number of them in turn, and once not. */
async function withCuts(
  t: import('ava').ExecutionContext,
  start: () => Promise<ReturnType<typeof debian>>,
  plan: (host: Host) => Promise<Step[]>,
) {
  const whole = await start();
  const steps = await plan(whole);
  await apply(whole, steps, () => {});
  t.deepEqual(await plan(whole), [], 'a second plan is empty');
  for (let cut = 0; cut < steps.length; cut++) {
    const host = await start();
    let done = 0;
    const failing = {
      act: async (step: Step, tell: (text: string) => void) => {
        if (done++ === cut) throw new PowerCut();
        await host.act(step, tell);
      },
    };
    await t.throwsAsync(
      apply(failing, await plan(host), () => {}),
      { instanceOf: PowerCut },
    );
    await apply(host, await plan(host), () => {});
    t.deepEqual(things(host), things(whole), `cut after step ${cut}`);
    t.deepEqual(await plan(host), []);
  }
  return steps;
}

test('a stack is made from wheels by digest alone; the power may go after every step', async t => {
  const steps = await withCuts(
    t,
    async () => debian(),
    host => stepsTo(host, wanted),
  );
  const pip = steps.find(step => step.do === 'run' && step.argv.includes('install'));
  t.true(
    pip?.do === 'run' && ['--require-hashes', '--only-binary', ':all:', '--no-deps', '--no-compile'].every(word => pip.argv.includes(word)),
  );
  t.is(steps[0]?.do === 'write' && steps[0].path, at.stackSpec('flask-3.1'), 'what is wanted is noted first');
  t.true(steps.some(step => step.do === 'run' && step.argv.some(word => word.endsWith('/preload.py'))));
  t.is(new Set(steps.map(step => step.why)).size, steps.length);
});

test('a stack is replaced after the apps have left it, and taken away likewise; the power may go after every step', async t => {
  const made = async () => {
    const host = debian();
    await apply(host, await stepsTo(host, wanted), () => {});
    return host;
  };
  const newer = { ...wanted, lock: lock.replace('3.1.3', '3.1.4') };
  const replaced = await withCuts(t, made, host => stepsTo(host, newer));
  const order = (steps: Step[]) =>
    steps.map(step => (step.do === 'slot' ? step.verb : step.do === 'delete' ? step.path.split('/').pop() : '')).filter(Boolean);
  t.deepEqual(order(replaced), ['stack.json', 'drain', 'flask-3.1']);
  const removed = await withCuts(t, made, host => stepsFrom(host, wanted));
  t.deepEqual(order(removed), ['flask-3.1.json', 'stack.json', 'drain', 'flask-3.1']);
});

test('only known frameworks may be in a stack, whoever asks', t => {
  for (const name of ['numpy', 'gevent', 'setuptools', 'my-app']) {
    t.throws(() => refuseStrangers(`flask==3.1.3 ${hash('a')}\n${name}==1.0 ${hash('b')}\n`), {
      instanceOf: Refused,
      message: new RegExp(name),
    });
  }
  t.throws(() => refuseStrangers(''), { instanceOf: Refused });
  for (const [name, { why, with: others = [] }] of Object.entries(ALLOWED)) {
    t.true(why.length > 10, name);
    for (const other of others) t.truthy(ALLOWED[other], `${name} goes with ${other}`);
  }
  for (const stack of catalog()) t.notThrows(() => refuseStrangers(stack.lock));
});

test('locks, requirements and names hold nothing but what they are for', t => {
  for (const text of [lock, `# made by a tool\n${lock}\n    # via flask\n`, ...catalog().map(stack => stack.lock)])
    t.true(lockText.safeParse(text).success, text);
  for (const line of [
    '--index-url x',
    '-e .',
    'flask==3',
    `flask @ file:///x ${hash('a')}`,
    '-r other',
    `flask>=3 ${hash('a')}`,
    `flask==3 ${hash('a')} --pre`,
  ])
    t.false(lockText.safeParse(`${lock}${line}\n`).success, line);
  for (const text of ['Django==5.1.4', 'Flask', 'Flask>=3,<4', 'typing-extensions ~= 4.1'])
    t.true(requirement.safeParse(text).success, text);
  for (const text of ['-r x', '--pre', './x', 'x @ y', 'git+x', 'flask[async]; x', '']) t.false(requirement.safeParse(text).success, text);
  for (const id of ['auto', 'bare', '..', '.x', 'A', 'a/b']) t.false(stackId.safeParse(id).success, id);
});

test('automatic stacks stay within their bounds; the one unused for longest goes first, and none that is needed', t => {
  const MIB = 1 << 20;
  const day = 24 * 3600 * 1000;
  const stack = (id: string, apps: number, usedDaysAgo: number, origin: StackStatus['origin'] = 'automatic'): StackStatus => ({
    ...{ id, python: HOST_PYTHON, packages: {}, origin, state: 'ready', bytes: 60 * MIB, installedAt: 0, zygote: null },
    ...{ apps: Array.from({ length: apps }, (_, n) => `ada.a${n}`), usedAt: (100 - usedDaysAgo) * day },
  });
  const room = (list: StackStatus[], count: number, mib = 10_000, account = 'bob') =>
    makeRoom(list, { count, bytes: mib * MIB }, 100 * day, account);
  t.deepEqual(room([], 0), null, 'off');
  t.deepEqual(room([stack('a', 1, 0)], 2), []);
  t.deepEqual(room([stack('a', 1, 0), stack('b', 0, 0), stack('c', 0, 3)], 3), ['c']);
  t.deepEqual(room([stack('a', 1, 8), stack('b', 1, 9), stack('c', 1, 1)], 3), ['b']);
  t.is(room([stack('a', 1, 1), stack('b', 1, 2)], 2), null);
  t.deepEqual(room([stack('a', 0, 1), stack('b', 0, 2), stack('c', 1, 0)], 8, 200), ['b']);
  t.deepEqual(room([stack('a', 0, 1, 'hoster'), stack('b', 0, 2, 'catalog')], 1), [], 'what the hoster made is not touched');
  const three = ['a', 'b', 'c'].map(id => stack(id, 1, 0));
  t.is(room(three, 8, 10_000, 'ada'), null, 'an account has its share');
  t.deepEqual(room(three, 8, 10_000, 'bob'), []);
});

test('an interpreter must be root’s alone, all the way up', async t => {
  const host = debian();
  const { entries } = host.paper;
  const python = '/opt/py/bin/python3.12';
  for (const path of ['/', '/opt', '/opt/py', '/opt/py/bin', '/opt/py/lib', '/opt/py/lib/python3.12']) entries.set(path, folder);
  entries.set(python, file);
  entries.set('/opt/py/lib/python3.12/ensurepip/_bundled/pip-24.0-py3-none-any.whl', file);
  t.like(await inspectInterpreter(host, python), { version: 'python3.12', unsafe: null });
  t.regex((await inspectInterpreter(host, python))?.pipWheel ?? '', /ensurepip/);
  for (const [path, entry] of [
    ['/opt', { ...folder, mode: 0o777 }],
    ['/opt/py/lib/python3.12', { ...folder, uid: 1000 }],
    [python, { ...file, mode: 0o775 }],
    ['/opt/py', { ...folder, kind: 'link' as const, target: '/home/x' }],
  ] as const) {
    const before = entries.get(path);
    entries.set(path, entry);
    t.truthy((await inspectInterpreter(host, python))?.unsafe, path);
    await t.throwsAsync(async () => stepsTo(host, { ...wanted, python }), { instanceOf: Refused, message: /cannot use/ });
    if (before) entries.set(path, before);
  }
  entries.set('/opt', { ...folder, mode: 0o1777 });
  t.is((await inspectInterpreter(host, python))?.unsafe, null, 'a sticky folder is safe');
  t.is(await inspectInterpreter(host, '/opt/none'), null);
});
