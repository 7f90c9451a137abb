import { mkdirSync } from 'node:fs';
import { readSettings } from '../../../agent/start/settings.ts';
import { foundation, planPart } from '../../../provisioning/foundation/index.ts';
import { machine } from '../../../provisioning/machine/index.ts';
import type { Held } from '../slotd/held.ts';

/** Puts Berth's own servers for apps into a test's state folder, as the foundation does. */
export async function installServers({ at }: Held): Promise<void> {
  const { wanted } = readSettings({ ...process.env, BERTH_STATE: at.state, BERTH_RUN: at.run, BERTH_HOMES: at.homes });
  const host = machine(at, { databaseUrl: async () => '', buildEnvironment: {} });
  const part = foundation.find(({ name }) => name === 'servers');
  if (!part) throw new Error('the foundation has no part "servers"');
  mkdirSync(at.servers, { recursive: true, mode: 0o755 });
  for (const step of await planPart(part, host, wanted)) await host.act(step, () => {});
}
