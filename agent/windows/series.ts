import type { LimitHits } from '../../provisioning/slot/spec.ts';

/** How finely a range is kept and shown: seconds a point, and how many points. */
export const RANGES = { '1h': { step: 10, points: 360 }, '24h': { step: 300, points: 288 }, '30d': { step: 3600, points: 720 } } as const;
export type Range = keyof typeof RANGES;

/** How often each limit was met. */
export type Hits = Partial<LimitHits>;

/** What happened to one slot within one step of time. Counters are that step's share; `latencies` are ms. */
export interface Sample {
  cpuUsec: number;
  memoryBytes: number;
  processes: number;
  requests: number;
  limitHits: Hits;
  latencies: number[];
}

/** One stored point; `at` is the start of its step in seconds since the epoch. */
export interface Point {
  at: number;
  cpuUsec: number;
  memoryBytes: number;
  processes: number;
  requests: number;
  /** Absent where none was met, as almost always. */
  hits?: Hits;
  p95Ms: number | null;
}

/** One slot's history at every fineness. Moments in which it slept have no point at all, so sleeping costs nothing here either. */
export type History = Record<Range, Point[]>;

/** A history in which nothing has happened. */
export function blankHistory(): History {
  return { '1h': [], '24h': [], '30d': [] };
}

function percentile95(values: number[]): number | null {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round((sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0) * 10) / 10;
}

/** The sum of two counts; undefined when nothing was met. */
function together(one: Hits | undefined, other: Hits | undefined): Hits | undefined {
  const sum: Hits = { ...one };
  for (const [kind, count] of Object.entries(other ?? {}) as [keyof Hits, number][]) if (count) sum[kind] = (sum[kind] ?? 0) + count;
  return Object.keys(sum).length ? sum : undefined;
}

/** Adds what a sample tells to every range. `now` is ms since the epoch. Changes `history`. */
export function record(history: History, sample: Sample, now: number): void {
  for (const [range, { step, points }] of Object.entries(RANGES) as [Range, (typeof RANGES)[Range]][]) {
    const at = Math.floor(now / 1000 / step) * step;
    const series = history[range];
    const last = series.at(-1);
    const p95 = percentile95(sample.latencies);
    if (last?.at === at) {
      last.cpuUsec += sample.cpuUsec;
      last.memoryBytes = Math.max(last.memoryBytes, sample.memoryBytes);
      last.processes = Math.max(last.processes, sample.processes);
      last.requests += sample.requests;
      last.hits = together(last.hits, sample.limitHits);
      last.p95Ms = p95 === null ? last.p95Ms : Math.max(last.p95Ms ?? 0, p95);
    } else {
      const { latencies: _latencies, limitHits, ...rest } = sample;
      series.push({ at, ...rest, hits: together(undefined, limitHits), p95Ms: p95 });
    }
    const oldest = at - step * points;
    while (series.length && (series[0]?.at ?? 0) <= oldest) series.shift();
  }
}

/** Sampling drifts against the steps: one step without a sample between two with one (or right now) was not sleep. */
function bridged(known: Map<number, Point>, at: number, step: number, last: number): Point | null {
  const before = known.get(at - step);
  if (!before || (at !== last && !known.has(at + step))) return null;
  return { ...before, at, requests: 0, hits: undefined, p95Ms: null };
}

/** A range as the panel draws it: one point a step without gaps, asleep where nothing was recorded. `now` is ms since the epoch. */
export function shown(history: History, range: Range, now: number) {
  const { step, points } = RANGES[range];
  const last = Math.floor(now / 1000 / step) * step;
  const known = new Map(history[range].map(point => [point.at, point]));
  const series = Array.from({ length: points }, (_, index) => {
    const at = last - (points - 1 - index) * step;
    const point = known.get(at) ?? bridged(known, at, step, last);
    return {
      at: at * 1000,
      cpuPercent: point ? Math.round((point.cpuUsec / (step * 1e6)) * 1000) / 10 : 0,
      memoryBytes: point?.memoryBytes ?? 0,
      processes: point?.processes ?? 0,
      requests: point?.requests ?? 0,
      p95Ms: point?.p95Ms ?? null,
      limitHits: Object.values(point?.hits ?? {}).reduce((sum, count) => sum + count, 0),
      asleep: !point || point.processes === 0,
    };
  });
  const hits = [...known.values()].reduce<Hits | undefined>((sum, point) => together(sum, point.hits), undefined);
  return { step, points: series, hits: hits ?? {} };
}
