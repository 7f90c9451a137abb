import { collectUsage } from '../../panel/usage/collect.ts';
import { onStage } from './panel.ts';

const { it, stage } = onStage();
const told = {
  inodes: 1,
  cpuSeconds: 1,
  memoryPeakBytes: 1,
  requests: 1,
  slotSeconds: 10,
  since: '2026-11-20T10:00:00.000Z',
  measured: true,
};

it('what hosts tell is kept, counters never go back, and each threshold is told once', async t => {
  await stage().account('eater');
  await stage().api('POST', '/webhooks', { url: 'http://127.0.0.1:9/hook', events: ['usage.threshold'] });
  const { limits } = (await stage().api('GET', '/plans/small')).json;
  const deliveries = async () =>
    (await stage().api('GET', '/webhooks/1/deliveries')).json.items.map((item: { payload: { data: object } }) => item.payload.data);
  const used = async () => (await stage().api('GET', '/usage')).json.items[0];

  stage().agent.usages = { eater: { ...told, diskBytes: limits.diskMb * 1_048_576 * 0.85, bandwidthBytes: 500 } };
  await collectUsage();
  t.like(await used(), { username: 'eater', requests: 1, bandwidthBytes: 500, monthBandwidthBytes: 500, slotSeconds: 10 });
  t.like((await deliveries())[0], { account: 'eater', kind: 'disk', percent: 80 });
  stage().agent.usages = { eater: { ...told, requests: 0, diskBytes: limits.diskMb * 1_048_576 * 1.2, bandwidthBytes: 100 } };
  await collectUsage();
  await collectUsage();
  t.like(await used(), { requests: 1, bandwidthBytes: 500 });
  t.is((await deliveries()).length, 2);
  t.like((await deliveries())[0], { kind: 'disk', percent: 100 });
  stage().agent.usages = { eater: { ...told, diskBytes: 5, bandwidthBytes: 100 } };
  await collectUsage();
  stage().agent.usages = { eater: { ...told, diskBytes: limits.diskMb * 1_048_576 * 0.9, bandwidthBytes: 100 } };
  await collectUsage();
  t.is((await deliveries()).length, 3, 'once it was below, it is told again');
});
