/** What a suite came to. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** Nothing yet. */
export function noTally(): Tally {
  return { passed: 0, failed: 0, skipped: 0 };
}

/** Adds up. */
export function sum(tallies: Tally[]): Tally {
  return tallies.reduce((all, one) => {
    return { passed: all.passed + one.passed, failed: all.failed + one.failed, skipped: all.skipped + one.skipped };
  }, noTally());
}

/** The summary, always the last line of `npm test`. */
export function summary({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Reads ava's TAP as it comes: counts, and hands on what a person wants to see. */
export function tapReader(say: (line: string) => void): { take(piece: string): void; tally: Tally } {
  const tally = noTally();
  let rest = '';
  let inFailure = false;
  const line = (text: string) => {
    const result = /^(not )?ok \d+ - (.*)$/.exec(text);
    if (!result) {
      // Details of a failure follow it, indented; so do the log lines of any test.
      if (inFailure || text.startsWith('  * ')) say(`    ${text.trimEnd()}`);
      return;
    }
    const [, not, title = ''] = result;
    inFailure = false;
    if (/# (SKIP|TODO)\b/i.test(title)) {
      tally.skipped++;
      say(`  – ${title}`);
    } else if (not) {
      tally.failed++;
      inFailure = true;
      say(`  ✗ ${title}`);
    } else {
      tally.passed++;
      say(`  ✓ ${title}`);
    }
  };
  return {
    tally,
    take(piece) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) line(text);
    },
  };
}
