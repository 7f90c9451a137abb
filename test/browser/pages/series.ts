const MB = 1_048_576;

/** An hour of an app's or a host's life, as the panel's series answer. */
export function seriesOf(host: boolean) {
  const to = Date.now();
  const points = Array.from({ length: 60 }, (_, i) => {
    const asleep = !host && ((i > 12 && i < 26) || i > 50);
    const wave = 1 + Math.sin(i / 4) * 0.6 + (i % 7) / 9;
    return {
      at: to - (60 - i) * 60_000,
      cpuPercent: asleep ? 0 : wave * (i === 40 ? 40 : 9),
      memoryBytes: asleep ? 0 : i === 40 ? 505 * MB : (host ? 3000 : 120) * MB + wave * 40 * MB,
      requests: asleep ? 0 : Math.round(wave * 14),
      p95Ms: asleep ? null : 20 + wave * 30,
      limitHits: i === 40 ? 2 : 0,
      load: [wave, wave, wave],
      asleep,
    };
  });
  return {
    step: 60,
    from: to - 3_600_000,
    to,
    points,
    limits: host ? { memoryBytes: 8192 * MB, cores: 2 } : { memoryBytes: 512 * MB, cpuPercent: 200 },
    sentence: 'Up to date.',
  };
}
