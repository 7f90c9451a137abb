import { z } from 'zod';

/** Names a stack: its frameworks and their versions, or whatever the hoster likes. */
export const stackId = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,63}$/, 'use 2 to 64 lower-case letters, digits, dots and hyphens');

/** The interpreter of a host that every stack and slot uses unless it names another. */
export const HOST_PYTHON = '/usr/bin/python3';

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
