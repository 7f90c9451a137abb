import { z } from 'zod';

/** Names a stack: its frameworks and their versions, or whatever the hoster likes. */
export const stackId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]{1,63}$/, 'use 2 to 64 lower-case letters, digits, dots and hyphens')
  .refine(id => id !== 'auto' && id !== 'bare', 'auto and bare have a meaning of their own');

/** The interpreter of a host that every stack and slot uses unless it names another. */
export const HOST_PYTHON = '/usr/bin/python3';

/** An interpreter's path, plain and without links on its way. */
export const pythonPath = z
  .string()
  .max(200)
  .regex(/^(\/[A-Za-z0-9][A-Za-z0-9._+-]*)+$/, 'use the absolute path of a python program');

const LOCK_LINE = /^[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.!+_-]+( +--hash=sha256:[0-9a-f]{64})+$/;

function onlyPins(text: string): boolean {
  const lines = text
    .replaceAll(/[ \t]*\\\r?\n[ \t]*/g, ' ')
    .split('\n')
    .map(line => line.replace(/(^|\s)#.*$/, '').trim());
  return lines.every(line => line === '' || LOCK_LINE.test(line));
}

/** A lock as pip reads it: exact versions, each with the digests of what may be installed, and nothing else. */
export const lockText = z
  .string()
  .max(262_144)
  .refine(onlyPins, 'use lines like name==1.2.3 --hash=sha256:… and nothing else; pip-compile --generate-hashes writes them');

/** A requirement as people type it: a name and, if they like, versions. Never an option, a file or an address. */
export const requirement = z
  .string()
  .max(200)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*\s*((==|~=|>=|<=|!=|<|>)\s*[0-9][A-Za-z0-9.*]*(\s*,\s*(==|~=|>=|<=|!=|<|>)\s*[0-9][A-Za-z0-9.*]*)*)?$/,
    'use a name and a version, such as Django==5.1.4',
  );

/** A set of exact packages that a host keeps loaded once for all apps that need just these. */
export const stackSpec = z.strictObject({
  id: stackId,
  python: pythonPath,
  lock: lockText,
  /** Who wanted it: Berth's catalog, the hoster, or Berth by itself because an app needs it. */
  origin: z.enum(['catalog', 'hoster', 'automatic']),
});
export type StackSpec = z.infer<typeof stackSpec>;

/** A stack of Berth's own catalog, for the host's interpreter. */
export function fromCatalog({ id, lock }: { id: string; lock: string }): StackSpec {
  return { id, python: HOST_PYTHON, lock, origin: 'catalog' };
}

/** One stack as the hoster sees it. */
export interface StackStatus {
  id: string;
  python: string;
  packages: Record<string, string>;
  origin: StackSpec['origin'];
  /** Whether it stands on this host as it was wanted. */
  state: 'ready' | 'missing';
  /** The slots that start from it. */
  apps: string[];
  bytes: number;
  /** When it was made, and when last an app needed it; ms since the epoch. */
  installedAt: number | null;
  usedAt: number | null;
  zygote: { state: 'starting' | 'ready'; memoryBytes: number } | null;
}

/** What slotd says of one zygote: a process that holds an interpreter with a stack loaded, and its blank children. */
export interface ZygoteStatus {
  python: string;
  /** Null: a bare interpreter. */
  stack: string | null;
  /** Whose own it is (isolation strict); null: everybody's. */
  account: string | null;
  pid: number | null;
  state: 'starting' | 'ready';
  /** Shared pages are counted by share. */
  memoryBytes: number;
  /** When it was started and last needed, ms since the epoch. */
  since: number;
  used: number;
}
