/** Colours a state may have; each also has a word, so that nothing is said by colour alone. */
export type Tone = 'good' | 'calm' | 'busy' | 'bad' | 'off';

/** A state as people read it: a dot, a word, and the fact that matters. */
export interface Said {
  tone: Tone;
  word: string;
  fact: string;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A size in units people know, in steps of 1024: `42 MB`, `1.4 GB`. */
export function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined || !Number.isFinite(count)) return '–';
  let size = count;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 || size >= 10 ? Math.round(size) : Math.round(size * 10) / 10} ${UNITS[unit]}`;
}

/** A count with thin groups of three: `12 400`. */
export function count(number: number | null | undefined): string {
  if (number === null || number === undefined) return '–';
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** How many of a thing, in words: `1 app`, `3 apps`. */
export function many(number: number, one: string, more = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : more}`;
}

/** How long something took: `31 ms`, `4.2 s`, `2 min 5 s`. */
export function took(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** A span of seconds in its largest unit: `5 minutes`, `3 days`. */
export function span(seconds: number): string {
  const steps: [number, string][] = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ];
  for (const [size, word] of steps) if (seconds >= size) return many(Math.floor(seconds / size), word);
  return many(Math.max(0, Math.floor(seconds)), 'second');
}

/** A moment as a Date, from a Date, ms since the epoch or an ISO string; null when there is none. */
export function moment(at: Date | number | string | null | undefined): Date | null {
  if (at === null || at === undefined || at === '') return null;
  const date = at instanceof Date ? at : new Date(at);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** A moment as people say it: `just now`, `3 minutes ago`, `in 2 hours`. */
export function ago(at: Date | number | string | null | undefined, now = Date.now()): string {
  const date = moment(at);
  if (!date) return 'never';
  const seconds = (now - date.getTime()) / 1000;
  if (Math.abs(seconds) < 10) return 'just now';
  return seconds > 0 ? `${span(seconds)} ago` : `in ${span(-seconds)}`;
}

/** A moment exactly: `2026-11-20 10:00:00 UTC`. */
export function exact(at: Date | number | string | null | undefined): string {
  const date = moment(at);
  return date ? `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC` : '';
}

/** Two figures as one part of a whole, 0 to 100; for bars. */
export function percent(part: number | null | undefined, whole: number | null | undefined): number {
  if (!part || !whole) return 0;
  return Math.min(100, Math.max(0, Math.round((part / whole) * 100)));
}

const STEP_WORDS: Record<string, Said> = {
  queued: { tone: 'off', word: 'Waiting', fact: '' },
  running: { tone: 'busy', word: 'Running', fact: '' },
  done: { tone: 'good', word: 'Done', fact: '' },
  failed: { tone: 'bad', word: 'Failed', fact: '' },
};

/** A job's or a step's state in words. */
export function jobSaid(state: string, fact = ''): Said {
  return { ...(STEP_WORDS[state] ?? { tone: 'off', word: state }), fact };
}

/** What is known of an app when its state is put into words. */
export interface AppFacts {
  state: string;
  memoryBytes?: number | null;
  memoryMb?: number | null;
  since?: number | string | Date | null;
  lastWakeMs?: number | null;
  reason?: string | null;
  mode?: string;
}

function clock(at: AppFacts['since']): string {
  const date = moment(at);
  if (!date) return '';
  const today = Date.now() - date.getTime() < 43_200_000;
  return ` since ${today ? `${date.toISOString().slice(11, 16)} UTC` : ago(date).replace(' ago', '')}`;
}

/** An app's state: a dot, a word and the fact that matters. */
export function appSaid(app: AppFacts): Said {
  switch (app.state) {
    case 'running':
      return {
        tone: 'good',
        word: 'Running',
        fact: app.memoryBytes ? bytes(app.memoryBytes) + (app.memoryMb ? ` of ${bytes(app.memoryMb * 1048576)}` : '') : '',
      };
    case 'starting':
      return { tone: 'busy', word: 'Starting', fact: '' };
    case 'asleep':
      return {
        tone: 'calm',
        word: 'Asleep',
        fact: `${clock(app.since).trim()}${app.since ? ' · ' : ''}${app.lastWakeMs ? `wakes in about ${took(app.lastWakeMs)}` : 'wakes at the next visit'}`,
      };
    case 'building':
      return { tone: 'busy', word: 'Being built', fact: '' };
    case 'backing-off':
    case 'failed':
      return { tone: 'bad', word: app.reason ? 'Failed at start' : 'Failed', fact: app.reason ?? 'see its last job' };
    case 'suspended':
      return { tone: 'bad', word: 'Suspended', fact: '' };
    case 'deleting':
      return { tone: 'busy', word: 'Being deleted', fact: '' };
    default:
      return { tone: 'off', word: 'Stopped', fact: 'visitors see a page that says so' };
  }
}

/** An account's state in words. */
export function accountSaid(state: string, reason = ''): Said {
  if (state === 'active') return { tone: 'good', word: 'Active', fact: '' };
  if (state === 'suspended') return { tone: 'bad', word: 'Suspended', fact: reason };
  if (state === 'failed') return { tone: 'bad', word: 'Failed', fact: reason };
  if (state === 'deleted') return { tone: 'off', word: 'Deleted', fact: '' };
  return { tone: 'busy', word: state === 'deleting' ? 'Being deleted' : 'Being set up', fact: '' };
}
