import type Router from '@koa/router';
import { Refused } from '../../provisioning/errors.ts';
import type { Manifest } from '../../provisioning/manifest.ts';
import type { Parts } from '../parts.ts';

const MEASURE_MS = 10 * 60 * 1000;
/** Between two homes that are measured unasked: thousands of them must not keep the disk busy. */
const PAUSE_MS = 250;
const ROUND_MS = 60 * 60 * 1000;

/** What one account has used since `since`. Counters only grow. */
export interface Usage {
  diskBytes: number;
  inodes: number;
  cpuSeconds: number;
  memoryPeakBytes: number;
  requests: number;
  bandwidthBytes: number;
  /** Seconds in which a slot had a process, all slots together. */
  slotSeconds: number;
  since: string;
}

interface Size {
  at: number;
  bytes: number;
  inodes: number;
}

/** Measures homes, as their owners, and remembers how large they were. */
function sizes({ host, measure, journal }: Parts) {
  const known = new Map<string, Size>();
  async function look(manifest: Manifest): Promise<Size> {
    const { account } = manifest;
    const found = await measure({ ...account, home: host.layout.home(account.name) }).catch(() => null);
    const size = { at: Date.now(), ...(found ?? known.get(account.name) ?? { bytes: 0, inodes: 0 }) };
    known.set(account.name, size);
    return size;
  }
  async function round(): Promise<void> {
    const names = await journal.accounts();
    for (const name of known.keys()) if (!names.includes(name)) known.delete(name);
    for (const name of names) {
      const kept = await journal.kept(name);
      if (kept && Date.now() - (known.get(name)?.at ?? 0) > MEASURE_MS) await look(kept.manifest);
      await new Promise(done => setTimeout(done, PAUSE_MS).unref());
    }
  }
  const begin = () => {
    round()
      .catch(() => {})
      .finally(() => setTimeout(begin, ROUND_MS).unref());
  };
  setTimeout(begin, 5000).unref();
  return { look, known };
}

/** The routes that tell what accounts have used: one, measured now; all, as last known and without work for the disk. */
export function usageRoutes(router: Router, parts: Parts): void {
  const { journal, host, stats } = parts;
  const homes = sizes(parts);

  async function usageOf(manifest: Manifest, size: Size | undefined): Promise<Usage> {
    const { name } = manifest.account;
    const totals = await Promise.all(manifest.slots.map(slot => stats.totals(host.layout.slotName(name, slot.app, slot.process))));
    const sum = (read: (entry: (typeof totals)[number]) => number) => totals.reduce((total, entry) => total + read(entry), 0);
    return {
      diskBytes: size?.bytes ?? 0,
      inodes: size?.inodes ?? 0,
      cpuSeconds: Math.round(sum(entry => entry.cpuUsec) / 1e4) / 100,
      memoryPeakBytes: Math.max(0, ...totals.map(entry => entry.memoryPeakBytes)),
      requests: sum(entry => entry.requests),
      bandwidthBytes: sum(entry => entry.bandwidthBytes),
      slotSeconds: Math.round(sum(entry => entry.awakeSeconds ?? 0)),
      since: totals.map(entry => entry.since).sort()[0] ?? new Date().toISOString(),
    };
  }

  router.get('/accounts/:name/usage', async ctx => {
    const kept = await journal.kept(ctx.params.name ?? '');
    if (!kept) throw new Refused('no-such-account', 'There is no such account on this host.', '', { status: 404 });
    const size = homes.known.get(kept.manifest.account.name);
    ctx.body = await usageOf(kept.manifest, !size || Date.now() - size.at > MEASURE_MS ? await homes.look(kept.manifest) : size);
  });
  router.get('/usage', async ctx => {
    const accounts: Record<string, Usage & { measured: boolean }> = {};
    for (const name of await journal.accounts()) {
      const kept = await journal.kept(name);
      const size = homes.known.get(name);
      if (kept) accounts[name] = { ...(await usageOf(kept.manifest, size)), measured: size !== undefined };
    }
    ctx.body = { accounts };
  });
}
