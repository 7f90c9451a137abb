import { z } from 'zod';
import { appName } from '../names.ts';
import { scheduleFault } from './schedule.ts';

/** Five cron fields in UTC, or a word such as `@daily`. */
export const schedule = z
  .string()
  .max(200)
  .superRefine((text, check) => {
    const message = scheduleFault(text);
    if (message) check.addIssue({ code: 'custom', message });
  });

const fields = z.strictObject({
  app: appName,
  state: z.enum(['up', 'stopped']),
  /** The process of the app that this is: `web`, or a name from its Procfile. */
  process: appName.default('web'),
  /** A web slot has a socket; a worker is kept running; a scheduled one runs its command at given times. */
  role: z.enum(['web', 'worker', 'scheduled']).default('web'),
  mode: z.enum(['on-demand', 'always-on', 'per-request']),
  kind: z.enum(['wsgi', 'asgi', 'cgi', 'php', 'command']),
  /** `module:callable` for wsgi and asgi; unused for the others. */
  entry: z
    .string()
    .regex(/^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$/, 'use module:callable, such as mysite.wsgi:application')
    .nullable()
    .default(null),
  /** The words of kind command; the program may be a path or a name on the app's PATH. `{venv}` and `{root}` are the app's folders. */
  argv: z.array(z.string().min(1).max(4000)).min(1).max(200).nullable().default(null),
  /** How a command gets its socket: as descriptor 3 (LISTEN_FDS), or it listens on the number in $PORT. */
  listen: z.enum(['fd', 'port']).default('fd'),
  /** What the process speaks on its socket; nginx must speak the same. */
  protocol: z.enum(['http', 'fastcgi', 'scgi', 'uwsgi']).default('http'),
  /** Five cron fields, for role scheduled. */
  schedule: schedule.nullable().default(null),
  /** Processes that serve at the same time, and threads in each. */
  workers: z.int().min(1).max(64).default(1),
  threads: z.int().min(1).max(64).default(1),
  /** A worker is replaced after so many requests; 0 is never. */
  maxRequests: z.int().min(0).max(1_099_511_627_776).default(0),
  /** The interpreter for an app without a stack, or null for the host's. */
  python: z.string().startsWith('/').max(200).nullable().default(null),
  /** `strict` gives the account zygotes of its own. */
  isolation: z.enum(['shared', 'strict']).default('shared'),
  /** The stack whose zygote may fork this app, null for the bare interpreter, or `auto`: whichever fits best what is installed. */
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
  /** MiB a second to and from disks; 0 is no limit. */
  ioMbps: z.int().min(0).max(100_000).default(0),
});

/** One process slot: who wakes it, what it runs, and how much it may take. */
export const slotSpec = fields.superRefine((slot, check) => {
  const wrong = (field: string, message: string) => check.addIssue({ code: 'custom', path: [field], message });
  const callable = slot.kind === 'wsgi' || slot.kind === 'asgi';
  if (callable && slot.entry === null) wrong('entry', 'say which callable serves, such as mysite.wsgi:application');
  if ((slot.kind === 'command') !== (slot.argv !== null)) wrong('argv', 'a command has words, and nothing else has');
  if ((slot.role === 'web') !== (slot.process === 'web')) wrong('process', 'the web slot of an app is named web, and no other is');
  if (slot.role !== 'web' && slot.kind !== 'command') wrong('kind', 'a worker or scheduled slot runs a command');
  if ((slot.role === 'scheduled') !== (slot.schedule !== null)) wrong('schedule', 'a scheduled slot has a schedule, and no other has');
  if (slot.mode === 'per-request' && slot.kind !== 'wsgi') wrong('mode', 'per-request is for wsgi only');
  if (slot.protocol !== 'http' && slot.kind !== 'command' && slot.kind !== 'php')
    wrong('protocol', 'only a command speaks another protocol than http');
});
export type SlotSpec = z.infer<typeof slotSpec>;

/** How often each limit was met. cpu counts periods of a tenth of a second, io, openFiles and log looks in which it was seen. */
export interface LimitHits {
  memory: number;
  processes: number;
  cpu: number;
  io: number;
  openFiles: number;
  log: number;
}

/** What slotd says of a slot that it holds. Bytes, microseconds and counts only grow within one slotd life, except gauges. */
export interface SlotStatus {
  /** `<account>.<app>`, or `<account>.<app>.<process>` for processes that are not the web one. */
  name: string;
  process: string;
  role: SlotSpec['role'];
  /** Of what serves: it follows the spec's once the new version is ready. */
  generation: number;
  /** sha256 of the spec file that slotd has taken up. */
  digest: string;
  state: 'asleep' | 'starting' | 'running' | 'backing-off';
  /**
   * One sentence: the last cause when backing off, e.g. `ModuleNotFoundError: No module named 'requests'`; when running, why the new
   * version is not what serves; for scheduled slots, what was wrong with the last run.
   */
  reason: string | null;
  pids: number[];
  /** Those that serve, the longest there first. */
  workers: { pid: number; generation: number; since: number; requests: number }[];
  /** When a scheduled slot runs next, ms since the epoch. */
  nextRun?: number | null;
  /** When the state began, ms since the epoch. */
  since: number;
  memoryBytes: number;
  memoryPeakBytes: number;
  cpuUsec: number;
  processes: number;
  requests: number;
  wakes: number;
  lastWakeMs: number | null;
  limitHits: LimitHits;
}
