import test from 'ava';
import { busiestOf, medianWake } from '../../../panel/overview/busiest.ts';
import type { SlotStatus } from '../../../provisioning/slot/spec.ts';

const slot = (name: string, memoryBytes: number, awake: boolean, lastWakeMs: number | null = null): SlotStatus => ({
  name,
  process: 'web',
  role: 'web',
  workers: [],
  generation: 1,
  digest: '',
  state: awake ? 'running' : 'asleep',
  reason: null,
  pids: awake ? [1] : [],
  since: 0,
  memoryBytes,
  memoryPeakBytes: 0,
  cpuUsec: 0,
  processes: awake ? 1 : 0,
  requests: 2,
  wakes: 0,
  lastWakeMs,
  limitHits: { memory: 0, processes: 0, cpu: 0, io: 0, openFiles: 0, log: 0 },
});

test('accounts are listed by the memory they use now; sleeping ones are not', t => {
  const slots = [slot('ada.blog', 10, true), slot('ada.shop', 99, false), slot('bob.site', 30, true), slot('eve.x', 500, false)];
  t.deepEqual(busiestOf(slots), [
    { account: 'bob', memoryBytes: 30, requests: 2, awake: 1, apps: 1 },
    { account: 'ada', memoryBytes: 10, requests: 4, awake: 1, apps: 2 },
  ]);
  t.deepEqual(busiestOf([]), []);
});

test('the median of the last wakes', t => {
  t.is(medianWake([]), null);
  t.is(medianWake([slot('ada.a', 0, false, 30), slot('ada.b', 0, false), slot('ada.c', 0, true, 10), slot('ada.d', 0, true, 90)]), 30);
});
