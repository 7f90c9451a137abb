import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layout } from '../../provisioning/layout.ts';
import { type HostPoint, hostPoint } from './host.ts';
import { RANGES, type Range } from './series.ts';

/** The host's own load over time, kept as finely as the slots' is. */
export function hostHistory(at: Layout) {
  const path = join(at.stats, 'host.json');
  let history: Record<Range, HostPoint[]> = { '1h': [], '24h': [], '30d': [] };
  let timer: NodeJS.Timeout | null = null;
  let rounds = 0;

  async function sample(): Promise<void> {
    const point = await hostPoint();
    for (const [range, { step, points }] of Object.entries(RANGES) as [Range, (typeof RANGES)[Range]][]) {
      const start = Math.floor(point.at / 1000 / step) * step * 1000;
      const series = history[range];
      if (series.at(-1)?.at === start) series[series.length - 1] = { ...point, at: start };
      else series.push({ ...point, at: start });
      series.splice(0, series.length - points);
    }
    if (++rounds % 30 === 0) await save();
  }

  async function save(): Promise<void> {
    await mkdir(at.stats, { recursive: true, mode: 0o700 });
    await writeFile(`${path}.new`, JSON.stringify(history), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  return {
    start: async () => {
      const text = await readFile(path, 'utf8').catch(() => null);
      if (text) history = JSON.parse(text);
      await sample();
      timer = setInterval(() => sample().catch(() => {}), RANGES['1h'].step * 1000);
    },
    stop: async () => {
      if (timer) clearInterval(timer);
      await save().catch(() => {});
    },
    series: (range: Range) => ({ step: RANGES[range].step, points: history[range] }),
  };
}

export type HostHistory = ReturnType<typeof hostHistory>;
