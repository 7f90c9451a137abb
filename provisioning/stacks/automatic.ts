import type { Choice } from './facts.ts';
import { automaticId, ownSet, pick, serves, type Versions } from './pick.ts';
import { HOST_PYTHON, type StackStatus } from './spec.ts';

/** How much Berth may do by itself for apps whose versions no stack has. */
export interface Bounds {
  /** So many automatic stacks; 0 turns them off. */
  count: number;
  bytes: number;
}

/** A stack that Berth would make by itself. */
export interface Proposal {
  id: string;
  python: string;
  packages: Versions;
  apps: string[];
}

/** What one stack takes at the most, as a guess beforehand: the largest framework with its compiled files. */
const ROOM = 80 * 1024 * 1024;
/** No account may take all the room with versions that nobody else has. */
const PER_ACCOUNT = 3;
/** A stack that apps still name is given up only when none of them has needed it for so long. */
const UNUSED_MS = 7 * 24 * 3600 * 1000;

/** The exact sets that some apps need and no stack has, the most needed first. Pure. */
export function propose(slots: { name: string; app: string; python: string | null }[], choice: Choice): Proposal[] {
  const proposals = new Map<string, Proposal>();
  for (const { name, app, python } of slots) {
    const environment = choice.environments[app];
    const set = environment ? ownSet(environment) : null;
    if (!environment || !set || serves(pick(environment, python, choice.standing), set, choice.standing)) continue;
    const interpreter = python ?? HOST_PYTHON;
    const id = automaticId(set, interpreter);
    const known = proposals.get(id) ?? { id, python: interpreter, packages: set, apps: [] };
    known.apps.push(name);
    proposals.set(id, known);
  }
  return [...proposals.values()].sort((one, other) => other.apps.length - one.apps.length || (one.id < other.id ? -1 : 1));
}

/** Which automatic stacks must go for an account to get one more: the least recently used first. Null when there is no room. Pure. */
export function makeRoom(stacks: StackStatus[], bounds: Bounds, now: number, account: string): string[] | null {
  const left = stacks.filter(stack => stack.origin === 'automatic');
  const alone = left.filter(stack => stack.apps.length > 0 && stack.apps.every(app => app.startsWith(`${account}.`)));
  if (alone.length >= PER_ACCOUNT) return null;
  const used = (stack: StackStatus) => stack.usedAt ?? 0;
  const candidates = left
    .filter(stack => stack.apps.length === 0 || now - used(stack) > UNUSED_MS)
    .sort((one, other) => Number(one.apps.length > 0) - Number(other.apps.length > 0) || used(one) - used(other));
  const going: string[] = [];
  let [count, bytes] = [left.length, left.reduce((sum, stack) => sum + stack.bytes, 0)];
  while (count + 1 > bounds.count || bytes + ROOM > bounds.bytes) {
    const next = candidates.shift();
    if (!next) return null;
    going.push(next.id);
    count--;
    bytes -= next.bytes;
  }
  return going;
}
