import { createHash } from 'node:crypto';
import { ALLOWED, FRAMEWORKS } from './allowed.ts';
import { HOST_PYTHON } from './spec.ts';

/** Exact versions by name, as PEP 503 writes names. */
export type Versions = Record<string, string>;

/** A stack that stands on a host. */
export interface Standing {
  id: string;
  python: string;
  packages: Versions;
}

const names = (packages: Versions) => Object.keys(packages).sort();

/** A name as PEP 503 writes it. */
export const plainName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

/** The stack an app may be forked from: every package of it is in the app's environment, in just that version; the largest wins. Pure. */
export function pick(environment: Versions | null, python: string | null, stacks: Standing[]): string | null {
  if (!environment) return null;
  const fits = stacks.filter(
    stack =>
      stack.python === (python ?? HOST_PYTHON) &&
      names(stack.packages).length > 0 &&
      names(stack.packages).every(name => environment[name] === stack.packages[name]),
  );
  const better = (one: Standing, other: Standing) =>
    names(other.packages).length - names(one.packages).length || (one.id < other.id ? -1 : 1);
  return fits.sort(better)[0]?.id ?? null;
}

/** The exact set of an environment that may become a stack: its frameworks and what is at work with them. Null without one. Pure. */
export function ownSet(environment: Versions): Versions | null {
  const frameworks = FRAMEWORKS.filter(name => environment[name]);
  const wanted = new Set(frameworks.flatMap(name => [name, ...(ALLOWED[name]?.with ?? [])]));
  const set = Object.fromEntries([...wanted].sort().flatMap(name => (environment[name] ? [[name, environment[name]]] : [])));
  return frameworks.length ? set : null;
}

/** Whether a picked stack spares an app the loading of its frameworks. Pure. */
export function serves(picked: string | null, set: Versions, stacks: Standing[]): boolean {
  const packages = stacks.find(stack => stack.id === picked)?.packages;
  return packages !== undefined && FRAMEWORKS.every(name => !set[name] || packages[name] === set[name]);
}

/** The main framework of a set: the one that brings the others. Pure. */
export function mainFramework(set: Versions): string | null {
  return FRAMEWORKS.find(name => set[name]) ?? null;
}

/** What Berth calls a stack that it makes by itself; the same set has the same name everywhere. Pure. */
export function automaticId(set: Versions, python: string): string {
  const main = mainFramework(set) ?? 'none';
  const version = (set[main] ?? '').replace(/[^a-z0-9.]/g, '').slice(0, 16);
  const digest = createHash('sha256')
    .update(JSON.stringify([python, names(set).map(name => [name, set[name]])]))
    .digest('hex');
  return `auto-${main}-${version}-${digest.slice(0, 8)}`;
}

/** What Berth calls a stack that a hoster adds without naming it: framework, series, and the interpreter if it is not the host's. Pure. */
export function hosterId(set: Versions, python: string): string | null {
  const main = mainFramework(set);
  const series = main && /^\d+\.\d+/.exec(set[main] ?? '')?.[0];
  const suffix = python === HOST_PYTHON ? '' : `-${(python.split('/').pop() ?? '').replace(/^python/, 'py')}`;
  return series ? `${main}-${series}${suffix}` : null;
}
