import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Stack } from '../catalog/stacks.ts';
import { Refused } from '../errors.ts';
import type { Layout } from '../layout.ts';
import type { Act, Step } from '../steps.ts';
import type { StacksFound } from './inspect.ts';
import type { Foundation } from './spec.ts';

const step = (why: string, act: Act): Step => ({ ...act, why, resource: 'foundation' });

const PYTHON = '/usr/bin/python3';

const preloadSchema = z.union([z.array(z.string()), z.object({ preload: z.array(z.string()) }).transform(({ preload }) => preload)]);

/** What slotd reads of a stack: its packages, the interpreter it was made for, and the modules to load ahead. Pure. */
export function stackRecord(stack: Stack, version: string, preload: string | null): string {
  const record = {
    id: stack.id,
    python: PYTHON,
    version,
    lock: createHash('sha256').update(stack.lock).digest('hex'),
    packages: Object.fromEntries(stack.packages.map(pin => [pin.name, pin.version])),
    preload: preload === null ? [] : preloadSchema.parse(JSON.parse(preload)),
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}

function build(stack: Stack, record: string, wheel: string, wanted: Foundation, at: Layout): Step[] {
  const staging = at.stack(`.${stack.id}.new`);
  const target = `${staging}/site-packages`;
  const lock = `${staging}/requirements.lock`;
  const rootFile = { mode: 0o644, uid: 0, gid: 0 };
  // Wheels only, each checked against its hash: nothing of a package runs as root.
  const install = ['install', '--require-hashes', '--only-binary', ':all:', '--no-deps', '--no-compile', '--no-cache-dir', '--no-input'];
  const pip = [PYTHON, '-I', `${wheel}/pip`, ...install, '--root-user-action', 'ignore', '--target', target, '-r', lock];
  const compile = [PYTHON, '-I', '-S', '-m', 'compileall', '-q', '-s', staging, '-p', at.stack(stack.id), target];
  return [
    step(`Prepare the stack ${stack.id}`, { do: 'folder', path: staging, mode: 0o755, uid: 0, gid: 0 }),
    step(`Write the exact versions of the stack ${stack.id}`, { do: 'write', path: lock, text: stack.lock, ...rootFile }),
    step(`Install the stack ${stack.id}`, { do: 'run', argv: pip, env: wanted.pipEnvironment, timeoutSeconds: 900 }),
    step(`Compile the stack ${stack.id}`, { do: 'run', argv: compile, timeoutSeconds: 600 }),
    step(`Describe the stack ${stack.id}`, { do: 'write', path: `${staging}/stack.json`, text: record, ...rootFile }),
  ];
}

/** What must happen for every stack to be there as locked, for the interpreter of this host. Pure. Throws Refused. */
export function planStacks(wanted: Foundation, found: StacksFound, at: Layout): Step[] {
  const steps: Step[] = [];
  for (const stack of wanted.stacks) {
    const state = found.stacks[stack.id];
    const staging = at.stack(`.${stack.id}.new`);
    if (state?.halfMade) steps.push(step(`Clear away the half-made stack ${stack.id}`, { do: 'delete', path: staging }));
    if (found.python === null || found.pipWheel === null) {
      throw new Refused('no-python', 'This host has no Python with pip for its stacks.', 'Install the packages python3 and python3-venv.');
    }
    const record = stackRecord(stack, found.python, state?.preload ?? null);
    if (state?.record === record) continue;
    steps.push(...build(stack, record, found.pipWheel, wanted, at));
    if (state?.present) steps.push(step(`Take away the old stack ${stack.id}`, { do: 'delete', path: at.stack(stack.id) }));
    const argv = ['/usr/bin/mv', '-T', '--', staging, at.stack(stack.id)];
    steps.push(step(`Put the stack ${stack.id} into place`, { do: 'run', argv, timeoutSeconds: 60 }));
  }
  return steps;
}
