/** Seconds as people read them. */
export function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

const SLOW_MS = 1000;
const REMIND_MS = 5000;

/** Says a line to whoever started Berth. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/**
 * Does one thing and says so with its time. What takes longer than a second is announced while it runs, and again
 * every few seconds.
 */
export async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const started = Date.now();
  let reminder: NodeJS.Timeout | undefined;
  const announce = setTimeout(() => {
    say(`  … ${what}`);
    reminder = setInterval(() => say(`  … ${what}, ${seconds(Date.now() - started)}`), REMIND_MS);
  }, SLOW_MS);
  try {
    const result = await work();
    const took = Date.now() - started;
    say(took > SLOW_MS ? `  ✓ ${what} (${seconds(took)})` : `  ✓ ${what}`);
    return result;
  } catch (error) {
    say(`  ✗ ${what} (${seconds(Date.now() - started)})`);
    throw error;
  } finally {
    clearTimeout(announce);
    clearInterval(reminder);
  }
}
