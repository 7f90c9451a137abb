import { buildEnvironment } from '../../agent/settings.ts';
import { stackKeeper } from '../../agent/stacks/keeper.ts';
import { locked } from '../../agent/stacks/locks.ts';
import type { Layout } from '../../provisioning/layout.ts';
import { machine } from '../../provisioning/machine/index.ts';
import { automaticId, ownSet } from '../../provisioning/stacks/pick.ts';
import { HOST_PYTHON } from '../../provisioning/stacks/spec.ts';

/**
 * Makes the stack that Berth makes by itself for an app with these packages, by the agent's own steps, and returns its id: what a
 * slot's spec then says. Throws when the packages hold no framework, or a step fails.
 */
export async function makeOwnStack(at: Layout, packages: Record<string, string>): Promise<string> {
  const settings = { databaseUrl: async () => 'mysql://none', buildEnvironment: buildEnvironment(process.env) };
  const host = machine(at, settings);
  const tools = { ...host, buildEnvironment: settings.buildEnvironment };
  const keeper = stackKeeper(host, tools, console.error, async () => {});
  const set = ownSet(packages);
  if (!set) throw new Error('These packages hold no framework that may be a stack.');
  const exact = Object.entries(set).map(([name, version]) => `${name}==${version}`);
  const lock = await locked(host, tools, exact, HOST_PYTHON, false);
  const work = keeper.make({ id: automaticId(set, HOST_PYTHON), python: HOST_PYTHON, lock, origin: 'automatic' });
  if (!(await work.done)) throw new Error(JSON.stringify(work.events.at(-1)));
  return automaticId(set, HOST_PYTHON);
}
