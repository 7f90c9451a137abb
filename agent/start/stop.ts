import { Failed, Refused } from '../../provisioning/errors.ts';
import { Family, Stopped } from './family.ts';
import { say } from './report.ts';

/** A terminal's Ctrl-C reaches npm too, which passes it on: two within this time are one. */
const ONE_SIGNAL_MS = 1500;

/** Says what went wrong and what to do about it. */
export function explain(error: unknown): void {
  if (error instanceof Stopped) return;
  if (error instanceof Failed && error.lastLines) say(error.lastLines.replaceAll(/^/gm, '    '));
  const known = error instanceof Failed || error instanceof Refused;
  say(known ? `${error.message} ${error.help}`.trim() : String(error instanceof Error ? error.stack : error));
}

/** Resolves with the first request to stop; a later one ends everything at once. */
function stopAsked(force: () => Promise<void>): Promise<void> {
  let first = 0;
  return new Promise(done => {
    const stop = () => {
      if (first && Date.now() - first < ONE_SIGNAL_MS) return;
      if (first) return void force().finally(() => process.exit(1));
      first = Date.now();
      done();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
    if (!process.env.npm_lifecycle_event) return;
    // npm passes on some signals and dies of others; without it nobody could end this launcher from the keyboard.
    const npm = process.ppid;
    setInterval(() => process.ppid !== npm && !first && stop(), 500).unref();
  });
}

/**
 * Runs `start` and then waits until somebody asks to stop, or until it fails; stops all that was started, in the right
 * order. Answers the exit status.
 */
export async function untilStopped(cgroup: string, start: (family: Family) => Promise<void>): Promise<number> {
  // The terminal may be gone before everything has been stopped.
  process.stdout.on('error', () => {});
  const family = new Family();
  const asked = stopAsked(() => family.kill(cgroup));
  const started = start(family).then(
    () => 0,
    error => {
      if (family.stopping) return 0;
      explain(error);
      return 1;
    },
  );
  const code = await Promise.race([asked.then(() => 0), started.then(failed => failed || asked.then(() => 0))]);
  say(code ? 'Stopping what was started.' : '\nStopping. The data stays; a second Ctrl-C ends everything at once.');
  await family.stop(cgroup);
  await started;
  return code;
}
