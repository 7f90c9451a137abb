import { catalog, type Recipe } from '../catalog/recipe.ts';
import type { HomeEntry, Sight } from '../host.ts';
import type { Manifest } from '../manifest.ts';

/** What has been built of the account's apps, and what the host builds with. */
export interface RuntimeFound {
  marks: Record<string, string>;
  /** `current` of each app, and the folder of apps that are to go. */
  home: Record<string, HomeEntry | null>;
  /** Where uv is, or null: then pip serves. */
  uv: string | null;
  recipes: Record<string, Recipe>;
}

/** Reads the building record and where each app's `current` leads. */
export async function inspect(sight: Sight, manifest: Manifest): Promise<RuntimeFound> {
  const { account } = manifest;
  const at = sight.layout;
  const home = at.home(account.name);
  const current = manifest.runtimes.map(runtime => at.current(account.name, runtime.app));
  const going = manifest.gone.apps.map(app => at.appFolder(account.name, app));
  const active = account.state === 'active' && (await sight.entry(home)) !== null;
  const uv = (await sight.entry('/usr/bin/uv')) ?? (await sight.entry('/usr/local/bin/uv'));
  return {
    marks: await sight.marks(account.name),
    home: active ? await sight.home({ ...account, home }, [...current, ...going]) : {},
    uv: uv ? ((await sight.entry('/usr/bin/uv')) ? '/usr/bin/uv' : '/usr/local/bin/uv') : null,
    recipes: Object.fromEntries(catalog().map(recipe => [recipe.id, recipe])),
  };
}
