import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { layout } from '../../../provisioning/layout.ts';
import { living } from '../../../provisioning/machine/processes.ts';
import { standby } from '../../../provisioning/machine/standby.ts';

const code = fileURLToPath(new URL('../../..', import.meta.url));

/** How many seconds ago a process was started, by the kernel's clock. */
async function ageOf(pid: number): Promise<number> {
  const ticks = Number((await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ')[19]);
  return Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]) - ticks / 100;
}

test('a helper started ahead serves one request, and ends when nobody asks any more', async t => {
  const folder = await mkdtemp('/tmp/standby-');
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const at = layout({
    ...{ state: join(folder, 'state'), run: join(folder, 'run'), homes: join(folder, 'homes') },
    ...{ cgroup: 'standby-test', code },
  });
  await mkdir(at.homes);
  const { take } = standby(at);
  const first = take();
  first.stdin.end();
  await once(first, 'close');
  await sleep(500);
  const ready = take();
  t.true((await ageOf(ready.pid!)) > 0.2, 'it was there before it was asked for');
  ready.stdin.end('{"verb":"strange"}\n');
  const [said] = await once(ready.stdout, 'data');
  t.regex(String(said), /the verb must be one of/);
  await once(ready, 'close');
  t.is(ready.exitCode, 125);
  // One that nobody gives a request: its input closes when we end.
  const spare = take();
  spare.stdin.destroy();
  await once(spare, 'close');
  t.is(spare.exitCode, 125);
});

test('processes are counted by their real user, zombies and strangers left out', async t => {
  t.true((await living(process.getuid?.() ?? 0)) > 0);
  t.is(await living(487_654), 0);
});
