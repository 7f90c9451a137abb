import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { askApp } from '../../../provisioning/machine/probe.ts';

test('an app that answers a little now and then does not hold up the work on its account', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-probe-'));
  const server = createServer((_, answer) => {
    const drip = setInterval(() => answer.write('x'), 100);
    answer.on('close', () => clearInterval(drip));
  });
  const socket = join(folder, 'sock');
  await new Promise<void>(done => server.listen(socket, done));
  t.teardown(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
  t.timeout(10_000);
  const mark = { account: 'eve', name: 'app.1.healthy', digest: '1' };
  const probe = {
    do: 'probe' as const,
    way: 'http' as const,
    documents: '/nowhere',
    socket,
    host: 'app-eve.localhost',
    path: '/',
    status: 200,
    contains: 'hello',
    timeoutSeconds: 1,
    mark,
  };
  await t.throwsAsync(askApp(probe), { message: /did not answer/ });
});
