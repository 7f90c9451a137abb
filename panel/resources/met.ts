import type { Limits } from '../../provisioning/account/spec.ts';
import type { Series } from '../hosts/client.ts';
import { bytes, many, span } from '../middleware/words.ts';

/** A limit that an app met: what happened, and what its owner can do. */
export interface Met {
  what: string;
  sentence: string;
  next: string;
}

type Words = (count: number, limits: Limits, within: string) => Met | null;

const times = (count: number) => (count === 1 ? 'once' : many(count, 'time'));
const MB = 1_048_576;
const NEARLY = 0.95;
/** cpu is counted in moments of a tenth of a second; an app that starts may have a few, and nobody need know. */
const CPU_MOMENTS = 20;

const KINDS: Record<string, Words> = {
  memory: (count, { memoryMb }, within) => ({
    what: 'Memory',
    sentence: `Your app used all of its ${memoryMb} MB of memory ${times(count)} ${within} and was ended. It starts again at the next visit.`,
    next: 'See in the log what it was doing then. Let it work on less at a time, or ask for a larger plan.',
  }),
  processes: (count, { processes }, within) => ({
    what: 'Processes',
    sentence: `Your app wanted more than its ${processes} processes and threads ${within}; ${many(count, 'new one was', 'new ones were')} refused.`,
    next: 'Look for code that starts programs or threads and does not wait for their end, then restart the app.',
  }),
  cpu: (count, { cpuPercent }, within) =>
    count < CPU_MOMENTS
      ? null
      : {
          what: 'CPU',
          sentence: `Your app wanted more than its ${cpuPercent} % of a processor core and was slowed down for ${span(count / 10)} ${within}.`,
          next: 'Slow pages are the usual sign. Keep answers that take long to make in a cache, or ask for a larger plan.',
        },
  io: (count, { ioMbps }, within) => ({
    what: 'Disk speed',
    sentence: `Your app read or wrote as fast as its ${ioMbps} MB a second allow ${times(count)} ${within} and had to wait.`,
    next: 'Look for files that are read or written again at every visit.',
  }),
  openFiles: (count, _, within) => ({
    what: 'Open files',
    sentence: `Your app had as many files and connections open as it may ${times(count)} ${within}; it could open no more.`,
    next: 'Look for files and connections that are opened and never closed, then restart the app.',
  }),
  log: (count, _, within) => ({
    what: 'Output',
    sentence: `Your app printed more than 1 MB a second ${times(count)} ${within} and had to wait. Old lines of the log are gone.`,
    next: 'Turn its debug output off, or look in the log for a line that comes again and again.',
  }),
};

/** Where an account holds more on the disk than its plan has, or nearly as much, in plain words. Nothing is switched off for it. Pure. */
export function diskMet(held: { diskBytes: number; inodes: number } | null, limits: Limits | null): Met[] {
  if (!held || !limits) return [];
  const { diskMb, inodes } = limits;
  const size = held.diskBytes / (diskMb * MB);
  const files = held.inodes / inodes;
  if (Math.max(size, files) < NEARLY) return [];
  const [has, may] = size >= files ? [bytes(held.diskBytes), bytes(diskMb * MB)] : [many(held.inodes, 'file'), many(inodes, 'file')];
  const over = Math.max(size, files) > 1;
  return [
    {
      what: 'Disk',
      sentence: over ? `Your account holds ${has}; its plan has ${may}.` : `Your account holds ${has} of the ${may} of its plan.`,
      next: over
        ? 'Your sites go on. Delete what you no longer need, or ask for a larger plan; where the host enforces it, nothing more can be saved.'
        : 'Delete what you no longer need before it is full, or ask for a larger plan.',
    },
  ];
}

/** The limits an app met, in plain words; `within` such as `in the last 24 hours`. Pure. */
export function metOf(series: Series, limits: Limits | null, within: string): Met[] {
  if (!limits) return [];
  return Object.entries(KINDS).flatMap(([kind, words]) => {
    const count = series.hits?.[kind] ?? 0;
    const met = count > 0 ? words(count, limits, within) : null;
    return met ? [met] : [];
  });
}
