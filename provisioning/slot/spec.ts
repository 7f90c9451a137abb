import { z } from 'zod';
import { appName } from '../names.ts';

/** One process slot: who wakes it, what it runs, and how much it may take. */
export const slotSpec = z.strictObject({
  app: appName,
  state: z.enum(['up', 'stopped']),
  mode: z.enum(['on-demand', 'always-on', 'per-request']),
  kind: z.enum(['wsgi', 'command']),
  /** `module:callable` for wsgi; unused for command. */
  entry: z.string().regex(/^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$/, 'use module:callable, such as mysite.wsgi:application'),
  /** The stack whose zygote may fork this app, or null for the bare interpreter. */
  stack: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,63}$/)
    .nullable(),
  /** A restart is this number going up. */
  generation: z.int().min(1),
  idleSeconds: z.int().min(1).max(86_400),
  startSeconds: z.int().min(1).max(600).default(60),
  memoryMb: z.int().min(32).max(1_048_576),
  cpuPercent: z.int().min(5).max(102_400),
  processes: z.int().min(3).max(100_000),
});
export type SlotSpec = z.infer<typeof slotSpec>;

/** What slotd says of a slot that it holds. Bytes, microseconds and counts only grow within one slotd life, except gauges. */
export interface SlotStatus {
  /** `<account>.<app>` */
  name: string;
  generation: number;
  /** sha256 of the spec file that slotd has taken up. */
  digest: string;
  state: 'asleep' | 'starting' | 'running' | 'backing-off';
  /** One sentence when backing off: the last cause, e.g. `ModuleNotFoundError: No module named 'requests'`. */
  reason: string | null;
  pids: number[];
  /** When the state began, ms since the epoch. */
  since: number;
  memoryBytes: number;
  memoryPeakBytes: number;
  cpuUsec: number;
  processes: number;
  requests: number;
  wakes: number;
  lastWakeMs: number | null;
  limitHits: { memory: number; processes: number; cpu: number };
}
