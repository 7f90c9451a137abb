import { createHash } from 'node:crypto';
import { z } from 'zod';
import { pins } from '../catalog/recipe.ts';
import { Refused } from '../errors.ts';
import type { Layout } from '../layout.ts';
import type { Act, Step } from '../steps.ts';
import { ALLOWED } from './allowed.ts';
import type { Interpreter, StacksFound } from './inspect.ts';
import type { StackSpec } from './spec.ts';

const step = (why: string, act: Act): Step => ({ ...act, why, resource: 'stack' });
const sha = (text: string) => createHash('sha256').update(text).digest('hex');
const ROOT_FILE = { mode: 0o644, uid: 0, gid: 0 };

const preloadSchema = z.union([z.array(z.string()), z.object({ preload: z.array(z.string()) }).transform(({ preload }) => preload)]);

/**
 * What slotd reads of a stack: its packages, the interpreter it was made for, and the modules to load ahead. Without a curated
 * list they are found out when the stack is made, and stand beside it. Pure.
 */
export function stackRecord(stack: StackSpec, version: string, curated: string | null, finder = ''): string {
  const record = {
    id: stack.id,
    python: stack.python,
    version,
    origin: stack.origin,
    lock: sha(stack.lock),
    packages: Object.fromEntries(pins(stack.lock).map(pin => [pin.name, pin.version])),
    preload: curated === null ? null : preloadSchema.parse(JSON.parse(curated)),
    ...(curated === null ? { finder: sha(finder) } : {}),
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** Refuses packages whose code may not run in a zygote. */
export function refuseStrangers(lock: string): void {
  const names = pins(lock).map(pin => pin.name);
  const strangers = names.filter(name => !ALLOWED[name]);
  if (!strangers.length && names.length) return;
  throw new Refused(
    'stack-package',
    names.length ? `${strangers.join(', ')} may not be part of a stack.` : 'The lock names no package.',
    'A stack is loaded by root for all customers, so only known frameworks may be in it: provisioning/stacks/allowed.ts lists them.',
  );
}

function usable(stack: StackSpec, interpreter: Interpreter | null | undefined): Interpreter & { pipWheel: string } {
  const { id, python } = stack;
  if (!interpreter)
    throw new Refused('no-python', `There is no interpreter at ${python} for the stack ${id}.`, 'Install it, or name another.');
  if (interpreter.unsafe) {
    const help = 'Install the interpreter as root where nobody else can write, such as below /opt.';
    throw new Refused('python-unsafe', `The stack ${id} cannot use ${python}: ${interpreter.unsafe}.`, help);
  }
  const { pipWheel } = interpreter;
  if (pipWheel === null)
    throw new Refused(
      'no-pip',
      `${python} has no pip for the stack ${id}.`,
      'Install the package python3-venv, or an interpreter with ensurepip.',
    );
  return { ...interpreter, pipWheel };
}

/** Takes a stack out of use: no app starts from it any more, those that did start anew, and only then its files go. */
function takeAway(id: string, at: Layout, inUse: boolean): Step[] {
  const steps = inUse
    ? [
        step(`Take the stack ${id} out of use`, { do: 'delete', path: `${at.stack(id)}/stack.json` }),
        step(`Let apps leave the stack ${id}`, { do: 'slot', verb: 'drain', name: id }),
      ]
    : [];
  return [...steps, step(`Take away the files of the stack ${id}`, { do: 'delete', path: at.stack(id) })];
}

/** How a stack is made: the machine's settings for pip, and whether slotd may have apps awake from an older one. */
export interface Making {
  pipEnvironment: Record<string, string>;
  inUse: boolean;
}

/** What must happen for one stack to be there as locked. Pure. Throws Refused. */
export function planStack(stack: StackSpec, found: StacksFound, at: Layout, making: Making): Step[] {
  const { id, python, lock } = stack;
  const steps: Step[] = [];
  const state = found.stacks[id];
  const staging = at.stack(`.${id}.new`);
  const target = `${staging}/site-packages`;
  if (state?.halfMade) steps.push(step(`Clear away the half-made stack ${id}`, { do: 'delete', path: staging }));
  refuseStrangers(lock);
  const { version, pipWheel } = usable(stack, found.interpreters[python]);
  const curated = stack.origin === 'catalog' ? (state?.curated ?? null) : null;
  const record = stackRecord(stack, version, curated, found.finder);
  if (state?.record === record) return steps;
  const run = (why: string, argv: string[], timeoutSeconds: number, env?: Record<string, string>) =>
    steps.push(step(why, { do: 'run', argv, timeoutSeconds, ...(env ? { env } : {}) }));
  steps.push(step(`Prepare the stack ${id}`, { do: 'folder', path: staging, mode: 0o755, uid: 0, gid: 0 }));
  const lockFile = `${staging}/requirements.lock`;
  steps.push(step(`Write the exact versions of the stack ${id}`, { do: 'write', path: lockFile, text: lock, ...ROOT_FILE }));
  // Wheels only, each checked against its hash: nothing of a package runs as root.
  const install = ['install', '--require-hashes', '--only-binary', ':all:', '--no-deps', '--no-compile', '--no-cache-dir', '--no-input'];
  const pip = [python, '-I', `${pipWheel}/pip`, ...install, '--root-user-action', 'ignore', '--target', target, '-r', lockFile];
  run(`Install the stack ${id}`, pip, 900, making.pipEnvironment);
  run(`Compile the stack ${id}`, [python, '-I', '-S', '-m', 'compileall', '-q', '-s', staging, '-p', at.stack(id), target], 600);
  if (curated === null) {
    const find = [python, '-I', '-S', '-B', `${at.slotdFolder}/preload.py`, target, `${staging}/preload.json`];
    run(`Find out what apps of the stack ${id} may share`, find, 600);
  }
  steps.push(step(`Describe the stack ${id}`, { do: 'write', path: `${staging}/stack.json`, text: record, ...ROOT_FILE }));
  if (state?.present) steps.push(...takeAway(id, at, making.inUse));
  run(`Put the stack ${id} into place`, ['/usr/bin/mv', '-T', '--', staging, at.stack(id)], 60);
  return steps;
}

/** The text that keeps what was wanted of a stack, so that a cut does not forget it. Pure. */
export function specText(stack: StackSpec): string {
  return `${JSON.stringify(stack, null, 2)}\n`;
}

/** Notes that a stack is wanted; it comes before everything else, so that a cut is taken up. Pure. */
export function planWish(stack: StackSpec, kept: string | null, at: Layout): Step[] {
  const text = specText(stack);
  if (kept === text) return [];
  const act: Act = { do: 'write', path: at.stackSpec(stack.id), text, mode: 0o600, uid: 0, gid: 0 };
  return [step(`Note that the stack ${stack.id} is wanted`, act)];
}

/** What must happen for nothing of a stack to be left. Pure. */
export function planRemoval(id: string, found: StacksFound, kept: string | null, at: Layout): Step[] {
  const state = found.stacks[id];
  const steps: Step[] = [];
  if (kept !== null) steps.push(step(`Note that the stack ${id} is not wanted`, { do: 'delete', path: at.stackSpec(id) }));
  if (state?.halfMade) steps.push(step(`Clear away the half-made stack ${id}`, { do: 'delete', path: at.stack(`.${id}.new`) }));
  if (state?.present) steps.push(...takeAway(id, at, true));
  return steps;
}
