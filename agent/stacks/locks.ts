import { pins } from '../../provisioning/catalog/recipe.ts';
import { stacks as catalog } from '../../provisioning/catalog/stacks.ts';
import { Refused } from '../../provisioning/errors.ts';
import type { Host } from '../../provisioning/host.ts';
import type { Resolved, Wanted } from '../../provisioning/machine/resolve.ts';
import { ALLOWED } from '../../provisioning/stacks/allowed.ts';
import { inspectInterpreter } from '../../provisioning/stacks/inspect.ts';
import { hosterId, mainFramework, plainName, type Versions } from '../../provisioning/stacks/pick.ts';
import { refuseStrangers } from '../../provisioning/stacks/plan.ts';
import type { StackSpec, ZygoteStatus } from '../../provisioning/stacks/spec.ts';

/** What stacks need of the machine beyond a host's acts. */
export interface StackTools {
  resolve(wanted: Wanted): Promise<Resolved[]>;
  zygotes(): Promise<ZygoteStatus[]>;
  buildEnvironment: Record<string, string>;
}

/** The lock of what the index has, in the form that pip checks. Pure. */
export function lockOf(resolved: Resolved[]): string {
  const named = resolved.map(entry => ({ ...entry, name: plainName(entry.name) })).sort((one, other) => (one.name < other.name ? -1 : 1));
  return named.map(({ name, version, sha256 }) => `${name}==${version} \\\n    --hash=sha256:${sha256}\n`).join('');
}

const versionsOf = (lock: string): Versions => Object.fromEntries(pins(lock).map(pin => [pin.name, pin.version]));

/** Asks the index for exact versions. Packages that may not be part of a stack are left to the apps. Throws Refused. */
export async function locked(
  host: Host,
  tools: StackTools,
  requirements: string[],
  python: string,
  dependencies: boolean,
): Promise<string> {
  const interpreter = await inspectInterpreter(host, python);
  const fields = [{ field: 'python', message: interpreter?.unsafe ?? `there is no interpreter with pip at ${python}` }];
  if (!interpreter?.pipWheel || interpreter.unsafe)
    throw new Refused('python-unfit', `${python} cannot be used: ${fields[0]?.message}.`, '', { fields });
  const names = requirements.map(text => plainName(/^[A-Za-z0-9._-]+/.exec(text)?.[0] ?? ''));
  refuseStrangers(names.map(name => `${name}==0\n`).join(''));
  const resolved = await tools.resolve({ python, pipWheel: interpreter.pipWheel, requirements, dependencies });
  return lockOf(resolved.filter(entry => ALLOWED[plainName(entry.name)]));
}

/** The spec of a stack that a hoster adds, by a lock or by requirements that the index resolves. Throws Refused. */
export async function specFor(
  host: Host,
  tools: StackTools,
  asked: { id?: string; python: string; lock?: string; requirements: string[] },
): Promise<StackSpec> {
  const lock = asked.lock ?? (await locked(host, tools, asked.requirements, asked.python, true));
  refuseStrangers(lock);
  const id = asked.id ?? hosterId(versionsOf(lock), asked.python);
  if (!id) throw new Refused('stack-unnamed', 'The stack holds no framework to be named after.', 'Give it a name of your own as well.');
  if (catalog().some(stack => stack.id === id)) {
    throw new Refused('stack-taken', `The stack ${id} comes with Berth.`, 'Give yours another name.');
  }
  return { id, python: asked.python, lock, origin: 'hoster' };
}

/** The newest versions of a stack's own series: fixes, but no new features. */
export async function upgraded(host: Host, tools: StackTools, spec: StackSpec): Promise<StackSpec> {
  const packages = versionsOf(spec.lock);
  const main = mainFramework(packages);
  const requirements = Object.entries(packages).map(([name, version]) => (name === main ? `${name}~=${version}` : name));
  return { ...spec, lock: await locked(host, tools, requirements, spec.python, true) };
}
