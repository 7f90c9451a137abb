import test from 'ava';
import { blankHistory, record, shown } from '../../../agent/windows/series.ts';

const sample = {
  cpuUsec: 1_000_000,
  memoryBytes: 100,
  processes: 1,
  requests: 3,
  limitHits: { memory: 1, cpu: 0 },
  latencies: [1, 2, 3, 50],
};

test('samples fall into steps; moments without one are sleep', t => {
  const history = blankHistory();
  const now = 1_800_000_100_000;
  record(history, sample, now - 30_000);
  record(history, { ...sample, memoryBytes: 200, latencies: [] }, now - 29_000);
  record(history, sample, now);
  const { step, points } = shown(history, '1h', now);
  t.is(step, 10);
  t.is(points.length, 360);
  t.deepEqual(
    points.filter(point => !point.asleep).map(point => point.requests),
    [6, 3],
  );
  t.like(points.at(-4), { cpuPercent: 20, memoryBytes: 200, p95Ms: 50 });
  t.like(points.at(-1), { cpuPercent: 10, asleep: false });
  t.like(points.at(-2), { asleep: true, memoryBytes: 0, requests: 0, p95Ms: null });
  const later = shown(history, '1h', now + 10_000).points;
  t.like(later.at(-1), { asleep: false, memoryBytes: 100, requests: 0 }, 'the step that has just begun');
  t.like(shown(history, '1h', now + 20_000).points.at(-1), { asleep: true });
  t.is(shown(history, '30d', now).points.filter(point => point.requests === 9).length, 1);
  t.deepEqual(shown(history, '30d', now).hits, { memory: 3 });
  t.is(points.at(-4)?.limitHits, 2);
});

test('a range forgets what is older than it', t => {
  const history = blankHistory();
  for (let second = 0; second < 8000; second += 10) record(history, sample, 1_800_000_000_000 + second * 1000);
  t.is(history['1h'].length, 360);
  t.is(history['24h'].length, 27);
});
