import { pins, recipe } from '../catalog/recipe.ts';
import type { Sight } from '../host.ts';
import type { Manifest } from '../manifest.ts';
import type { Standing, Versions } from './pick.ts';

/** What the choice of a stack rests on: the stacks of a host, and what each app has installed. */
export interface Choice {
  standing: Standing[];
  environments: Record<string, Versions | null>;
}

/** What root wrote into a stack's record, as far as a choice needs it; null when it is not one. */
function readRecord(text: string | null): Standing | null {
  try {
    const { id, python, packages } = JSON.parse(text ?? '') as Standing;
    return typeof id === 'string' && typeof python === 'string' && packages !== null && typeof packages === 'object'
      ? { id, python, packages }
      : null;
  } catch {
    return null;
  }
}

/** The stacks that stand on a host, whole. */
export async function inspectStanding(sight: Sight): Promise<Standing[]> {
  const at = sight.layout;
  const names = (await sight.list(at.stacks)).filter(name => !name.startsWith('.')).sort();
  const records = await Promise.all(names.map(async name => readRecord(await sight.text(`${at.stack(name)}/stack.json`))));
  return records.filter(record => record !== null);
}

/** What the apps of an account have installed, looked at as the customer; what is still to be built is known from its lock. */
export async function inspectEnvironments(sight: Sight, manifest: Manifest, apps: string[]): Promise<Record<string, Versions | null>> {
  const { account } = manifest;
  const at = sight.layout;
  const environments: Record<string, Versions | null> = {};
  const places: Record<string, string> = {};
  const marks = await sight.marks(account.name);
  for (const app of apps) {
    const runtime = manifest.runtimes.find(entry => entry.app === app);
    const lock = runtime ? recipe(runtime.source.recipe)?.lock : undefined;
    const built = !runtime || marks[`${app}.${runtime.release}.packages`] !== undefined;
    if (!built && lock) environments[app] = Object.fromEntries(pins(lock).map(pin => [pin.name, pin.version]));
    else places[app] = `${runtime ? at.release(account.name, app, runtime.release) : at.current(account.name, app)}/.venv`;
  }
  const who = { name: account.name, uid: account.uid, gid: account.gid, home: at.home(account.name) };
  const venvs = Object.values(places);
  const found = venvs.length && account.state === 'active' ? await sight.environments(who, venvs) : {};
  for (const [app, venv] of Object.entries(places)) environments[app] = found[venv] ?? null;
  return environments;
}

/** The slots of a manifest for which Berth chooses the stack. Pure. */
export function choosing(manifest: Manifest): Manifest['slots'] {
  return manifest.slots.filter(slot => slot.stack === 'auto' && (slot.kind === 'wsgi' || slot.kind === 'asgi') && slot.state === 'up');
}

/** Looks at all that the choice of stacks for an account rests on; at nothing when there is nothing to choose. */
export async function inspectChoice(sight: Sight, manifest: Manifest): Promise<Choice> {
  const apps = [...new Set(choosing(manifest).map(slot => slot.app))];
  if (!apps.length) return { standing: [], environments: {} };
  return { standing: await inspectStanding(sight), environments: await inspectEnvironments(sight, manifest, apps) };
}
