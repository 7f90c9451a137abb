import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../provisioning/host.ts';
import type { Layout } from '../../provisioning/layout.ts';
import type { SlotStatus } from '../../provisioning/slot/spec.ts';
import { blankHistory, type History, type Hits, type Range, record, shown } from './series.ts';
import { type Bookmark, newVisits } from './visits.ts';

const SAMPLE_MS = 10_000;
const SAVE_EVERY = 6;

/** Counters of one app that only grow, whatever is restarted. */
export interface Totals {
  since: string;
  cpuUsec: number;
  memoryPeakBytes: number;
  requests: number;
  bandwidthBytes: number;
  /** Seconds in which the slot had a process; absent in what older versions kept. */
  awakeSeconds?: number;
}

interface Watched {
  history: History;
  totals: Totals;
  last: SlotStatus | null;
  bookmark: Bookmark;
  changed: boolean;
}

const grown = (now: number, before: number | undefined) => (before === undefined || now < before ? now : now - before);
/** What was met since the last sample, kind by kind. */
function met({ limitHits }: SlotStatus, before: SlotStatus | null): Hits {
  const kinds = Object.entries(limitHits) as [keyof Hits, number][];
  return Object.fromEntries(kinds.map(([kind, count]) => [kind, grown(count, before?.limitHits[kind])]));
}

/** Where one slot's history and its access log lie. */
function files(at: Layout, name: string) {
  const [account = '', app = '', process = 'web'] = name.split('.');
  const file = process === 'web' ? app : `${app}.${process}`;
  // Visits are the web slot's; an app's other processes have none.
  const log = process === 'web' ? at.log(account, app, 'access') : null;
  return { folder: at.statsOf(account), path: join(at.statsOf(account), `${file}.json`), log };
}

async function save(host: Host, watched: Map<string, Watched>): Promise<void> {
  for (const [name, entry] of watched) {
    if (!entry.changed) continue;
    const { path, folder } = files(host.layout, name);
    // The account may have been deleted meanwhile; its folder is not made again.
    if (!(await host.entry(folder))) {
      watched.delete(name);
      continue;
    }
    await writeFile(`${path}.new`, JSON.stringify({ history: entry.history, totals: entry.totals }), { mode: 0o600 });
    await rename(`${path}.new`, path);
    entry.changed = false;
  }
}

/** Watches every slot without changing any: a sample every 10 seconds, history on disk, sleeping slots skipped. */
export function stats(host: Host) {
  const watched = new Map<string, Watched>();
  const at = host.layout;

  async function watch(name: string): Promise<Watched> {
    const known = watched.get(name);
    if (known) return known;
    const text = await readFile(files(at, name).path, 'utf8').catch(() => null);
    const blank = {
      history: blankHistory(),
      totals: { since: new Date().toISOString(), cpuUsec: 0, memoryPeakBytes: 0, requests: 0, bandwidthBytes: 0 },
    };
    const kept = text ? (JSON.parse(text) as Pick<Watched, 'history' | 'totals'>) : blank;
    const fresh = { ...kept, last: null, bookmark: { inode: 0, offset: 0, fromEnd: text !== null }, changed: false };
    watched.set(name, fresh);
    return fresh;
  }

  async function sampleSlot(status: SlotStatus, now: number): Promise<void> {
    const entry = await watch(status.name);
    const before = entry.last;
    entry.last = status;
    const { log } = files(at, status.name);
    const visits = log === null ? { latencies: [], bytes: 0 } : await newVisits(log, entry.bookmark);
    // Public files are answered while the app sleeps; they count as visits, not as being awake.
    if (status.processes === 0 && !visits.latencies.length && (!before || before.cpuUsec === status.cpuUsec)) return;
    const sample = {
      cpuUsec: grown(status.cpuUsec, before?.cpuUsec),
      memoryBytes: status.memoryBytes,
      processes: status.processes,
      requests: Math.max(grown(status.requests, before?.requests), visits.latencies.length),
      limitHits: met(status, before),
      latencies: visits.latencies,
    };
    record(entry.history, sample, now);
    entry.totals.cpuUsec += sample.cpuUsec;
    entry.totals.requests += sample.requests;
    entry.totals.bandwidthBytes += visits.bytes;
    if (status.processes > 0) entry.totals.awakeSeconds = (entry.totals.awakeSeconds ?? 0) + SAMPLE_MS / 1000;
    entry.totals.memoryPeakBytes = Math.max(entry.totals.memoryPeakBytes, status.memoryPeakBytes, status.memoryBytes);
    entry.changed = true;
  }

  async function sample(now = Date.now()): Promise<void> {
    const statuses = await host.slots('');
    for (const status of statuses) await sampleSlot(status, now);
    const held = new Set(statuses.map(status => status.name));
    for (const name of watched.keys()) if (!held.has(name) && !watched.get(name)?.changed) watched.delete(name);
  }

  let rounds = 0;
  let timer: NodeJS.Timeout | null = null;
  return {
    start: () => {
      timer = setInterval(() => {
        sample()
          .then(() => (++rounds % SAVE_EVERY === 0 ? save(host, watched) : undefined))
          // slotd may be restarting; the next round sees it again.
          .catch(() => {});
      }, SAMPLE_MS);
    },
    stop: async () => {
      if (timer) clearInterval(timer);
      await save(host, watched).catch(() => {});
    },
    sample,
    series: async (name: string, range: Range) => shown((await watch(name)).history, range, Date.now()),
    totals: async (name: string) => (await watch(name)).totals,
  };
}

export type Stats = ReturnType<typeof stats>;
