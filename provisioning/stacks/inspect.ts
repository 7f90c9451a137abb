import { dirname, join, resolve } from 'node:path';
import type { Sight } from '../host.ts';
import { HOST_PYTHON } from './spec.ts';

/** One CPython of a host. */
export interface Interpreter {
  /** Where its path leads, such as `python3.11`: a stack is made for one of them. */
  version: string;
  /** pip as the interpreter brings it for virtual environments; run from its wheel, it need not be installed. */
  pipWheel: string | null;
  /** Why it cannot be used, as a sentence; null when it can. */
  unsafe: string | null;
}

/** What stands on a host of the stacks that are asked for. */
export interface StacksFound {
  interpreters: Record<string, Interpreter | null>;
  stacks: Record<string, { record: string | null; present: boolean; halfMade: boolean; curated: string | null }>;
  /** The program and the lists that find out what may be loaded ahead: when they change, so does the answer. */
  finder: string;
}

const DEBIAN_WHEELS = '/usr/share/python-wheels';

async function whoElseWrites(sight: Sight, path: string): Promise<string | null> {
  for (let at = path; ; at = dirname(at)) {
    const entry = await sight.entry(at);
    if (!entry) return `there is no ${at}`;
    if (entry.kind === 'link') return `${at} is a link; use the path without links`;
    // In a folder like /tmp nobody can replace what is root's.
    const sticky = entry.kind === 'folder' && entry.mode & 0o1000;
    if (entry.uid !== 0 || (entry.mode & 0o022 && !sticky)) return `${at} must belong to root and be writable by root only`;
    if (at === '/') return null;
  }
}

/** Looks at one interpreter: null when there is none. Root's zygotes will run it, so nobody else may be able to change it. */
export async function inspectInterpreter(sight: Sight, python: string): Promise<Interpreter | null> {
  let real = python;
  for (let hops = 0; hops < 10; hops++) {
    const entry = await sight.entry(real);
    if (!entry) return null;
    if (entry.kind !== 'link') break;
    real = resolve(dirname(real), entry.target ?? '');
  }
  const version = real.split('/').pop() ?? '';
  const own = python === HOST_PYTHON;
  const library = join(dirname(dirname(real)), 'lib', version);
  const wheels = own ? DEBIAN_WHEELS : join(library, 'ensurepip/_bundled');
  const wheel = (await sight.list(wheels)).find(name => /^pip-[\w.]+-py3-none-any\.whl$/.test(name));
  const found = { version, pipWheel: wheel ? `${wheels}/${wheel}` : null };
  // The distribution's own is the package manager's to guard.
  if (own) return { ...found, unsafe: null };
  if (!/^python3\.\d+$/.test(version)) return { ...found, unsafe: `${python} must lead to a program named like python3.12` };
  return { ...found, unsafe: (await whoElseWrites(sight, real)) ?? (await whoElseWrites(sight, library)) };
}

/** Looks which of some stacks are there, and at the interpreters they are for. */
export async function inspectStacks(sight: Sight, wanted: { id: string; python: string }[]): Promise<StacksFound> {
  const at = sight.layout;
  const found: StacksFound = { interpreters: {}, stacks: {}, finder: '' };
  for (const { id, python } of wanted) {
    if (!(python in found.interpreters)) found.interpreters[python] = await inspectInterpreter(sight, python);
    found.stacks[id] = {
      record: await sight.text(`${at.stack(id)}/stack.json`),
      present: (await sight.entry(at.stack(id))) !== null,
      halfMade: (await sight.entry(at.stack(`.${id}.new`))) !== null,
      curated: await sight.text(`${at.slotdFolder}/stacks/${id}.json`),
    };
  }
  for (const file of ['preload.py', 'preloading/plays.py', 'stacks/seeds.json', 'stacks/bare.json', 'stacks/django-5.2.json'])
    found.finder += (await sight.text(`${at.slotdFolder}/${file}`)) ?? '';
  return found;
}
