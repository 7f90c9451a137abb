import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { Refused } from '../../provisioning/errors.ts';
import type { Layout } from '../../provisioning/layout.ts';
import type { Places } from './places.ts';
import { reach } from './ready.ts';

/** Takes this host's place of the launcher, or throws Refused when another one holds it. The answer gives it back. */
export async function takeLock(at: Layout, its: Places): Promise<() => Promise<void>> {
  await mkdir(at.run, { recursive: true, mode: 0o755 });
  const answered = await reach(its.lock).then(
    () => true,
    () => false,
  );
  if (answered) {
    const help =
      'Stop it with Ctrl-C where it runs. For a second one, set BERTH_STATE, BERTH_RUN, BERTH_HOMES, BERTH_CGROUP and both ports.';
    throw new Refused('already-running', `Berth is already running on this machine with BERTH_RUN=${at.run}.`, help);
  }
  await rm(its.lock, { force: true });
  const server = createServer(line => line.destroy());
  await new Promise<void>((done, fail) => {
    server.on('error', fail);
    server.listen(its.lock, done);
  });
  return () => new Promise(done => server.close(() => done()));
}
