import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readSettings } from '../../../agent/start/settings.ts';
import { foundation, planPart } from '../../../provisioning/foundation/index.ts';
import { type Layout, layout } from '../../../provisioning/layout.ts';
import { machine } from '../../../provisioning/machine/index.ts';
import type { Held } from '../slotd/held.ts';

let made: Promise<Layout> | null = null;

async function make(of: Layout): Promise<Layout> {
  const state = mkdtempSync('/tmp/bv-');
  process.on('exit', () => rmSync(state, { recursive: true, force: true }));
  chmodSync(state, 0o755);
  const { wanted } = readSettings({ ...process.env, BERTH_STATE: state, BERTH_RUN: of.run, BERTH_HOMES: of.homes });
  const at = layout({ state, run: of.run, homes: of.homes, code: process.cwd(), cgroup: of.cgroup });
  const host = machine(at, { databaseUrl: async () => '', buildEnvironment: {} });
  const part = foundation.find(({ name }) => name === 'servers');
  if (!part) throw new Error('the foundation has no part "servers"');
  mkdirSync(at.servers, { recursive: true, mode: 0o755 });
  for (const step of await planPart(part, host, wanted)) await host.act(step, () => {});
  return at;
}

/** Puts Berth's own servers for apps into a test's state folder, made once by the foundation. */
export async function installServers({ at }: Held): Promise<void> {
  made ??= make(at);
  cpSync((await made).servers, at.servers, { recursive: true });
}
