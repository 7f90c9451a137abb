import type { Series } from '../hosts/client.ts';
import { bytes, count, many, span, took } from '../middleware/words.ts';

/** How far back a page looks. */
export type Range = '1h' | '24h' | '30d';

const SECONDS: Record<Range, number> = { '1h': 3600, '24h': 86_400, '30d': 2_592_000 };
/** The ranges as people say them. */
export const NAMES: Record<Range, string> = { '1h': 'the last hour', '24h': 'the last 24 hours', '30d': 'the last 30 days' };

/** The range an address asks for; an hour when it asks for none that there is. */
export function rangeOf(text: unknown): Range {
  return text === '24h' || text === '30d' ? text : '1h';
}

/** A series with its bounds, as charts take it. */
export function framed(series: Series, range: Range, now = Date.now()) {
  return { step: series.step, points: series.points, from: now - SECONDS[range] * 1000, to: now };
}

interface Row {
  name: string;
  now: string;
  usual: string;
  highest: string;
}

function row(series: Series, name: string, key: string, words: (value: number) => string): Row {
  const awake = series.points.filter(point => typeof point[key] === 'number' && !point.asleep);
  const values = awake.map(point => Number(point[key]));
  const last = series.points.at(-1);
  const top = awake.reduce<(typeof awake)[0] | null>(
    (best, point) => (best === null || Number(point[key]) > Number(best[key]) ? point : best),
    null,
  );
  const at = top ? new Date(Number(top.at)).toISOString().slice(11, 16) : '';
  return {
    name,
    now: last && typeof last[key] === 'number' ? words(Number(last[key])) : '–',
    usual: values.length ? words(values.reduce((sum, value) => sum + value, 0) / values.length) : '–',
    highest: top ? `${words(Number(top[key]))} at ${at} UTC` : '–',
  };
}

/** A series in words, for those who do not see charts, and for those who like figures. */
export function summaryOf(series: Series, range: Range) {
  const { points, step } = series;
  const asleep = points.filter(point => point.asleep).length;
  const requests = points.reduce((sum, point) => sum + Number(point.requests ?? 0), 0);
  const sentences = [
    points.length === 0
      ? 'Nothing has been measured yet; the first figures come within a minute.'
      : `${many(requests, 'request')} in ${NAMES[range]}.`,
    asleep ? `Asleep for ${span(asleep * step)} of it.` : '',
    points.length && !Object.keys(series.hits ?? {}).length ? 'No limit was met.' : '',
  ];
  return {
    span: NAMES[range],
    sentence: sentences.filter(Boolean).join(' '),
    rows: [
      row(series, 'CPU', 'cpuPercent', value => `${Math.round(value)} %`),
      row(series, 'Memory', 'memoryBytes', bytes),
      row(series, 'Requests a minute', 'requests', value => count((value * 60) / step)),
      row(series, 'Time to answer (p95)', 'p95Ms', took),
    ],
  };
}
