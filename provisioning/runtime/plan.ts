import { Refused } from '../errors.ts';
import type { Layout } from '../layout.ts';
import type { Manifest } from '../manifest.ts';
import type { Act, Step } from '../steps.ts';
import { buildSteps } from './build.ts';
import type { RuntimeFound } from './inspect.ts';
import type { RuntimeSpec } from './spec.ts';

const step = (why: string, act: Act): Step => ({ ...act, why, resource: 'runtime' });

function builtApps(found: RuntimeFound): string[] {
  return [...new Set(Object.keys(found.marks).map(name => name.split('.')[0] ?? ''))].filter(Boolean);
}

function build(manifest: Manifest, spec: RuntimeSpec, found: RuntimeFound, at: Layout): Step[] {
  const recipe = found.recipes[spec.source.recipe];
  if (!recipe) {
    throw new Refused(
      'recipe-unknown',
      `This host does not know the recipe "${spec.source.recipe}".`,
      'Update Berth on this host, then try again.',
      {
        fields: [{ field: 'source.recipe', message: `use one of ${Object.keys(found.recipes).join(', ')}` }],
      },
    );
  }
  const all = buildSteps(manifest, spec, recipe, found.uv, at);
  const steps = all.filter(({ ...wanted }) => !('mark' in wanted && wanted.mark && found.marks[wanted.mark.name] !== undefined));
  const owner = steps.find(wanted => wanted.do === 'run-as' && wanted.mark.name.endsWith('.owner'));
  if (owner && !spec.owner?.password) {
    throw new Refused(
      'owner-password-missing',
      `The owner of ${spec.app} has not been created and the manifest holds no password for it.`,
      'Delete the app and add it again.',
    );
  }
  const { name } = manifest.account;
  const current = at.current(name, spec.app);
  const target = `releases/${spec.release}`;
  if (found.home[current]?.target !== target) {
    const who = { ...manifest.account, home: at.home(name) };
    steps.push(step(`Switch ${spec.app} to release ${spec.release}`, { do: 'home', who, ops: [{ op: 'link', path: current, target }] }));
  }
  return steps;
}

/** What must happen for the account's apps to be built as the manifest says. Pure. Throws Refused when code would be lost unasked. */
export function plan(manifest: Manifest, found: RuntimeFound, at: Layout): Step[] {
  const { account, gone } = manifest;
  const wanted = new Set(manifest.runtimes.map(runtime => runtime.app));
  const left = builtApps(found).filter(app => !wanted.has(app));
  const unasked = left.filter(app => !gone.apps.includes(app));
  if (unasked.length) {
    throw new Refused(
      'app-left-out',
      `The manifest does not mention the app ${unasked.join(', ')}.`,
      'Name it under "gone" to delete it; leaving it out never deletes files.',
    );
  }
  if (account.state === 'suspended') return [];
  const steps = manifest.runtimes.flatMap(spec => build(manifest, spec, found, at));
  const who = { ...account, home: at.home(account.name) };
  for (const app of gone.apps.filter(name => !wanted.has(name))) {
    const path = at.appFolder(account.name, app);
    if (found.home[path]) steps.push(step(`Delete the files of ${app}`, { do: 'home', who, ops: [{ op: 'remove', path }] }));
    // The record goes last, so that a broken-off deletion is taken up again.
    if (left.includes(app))
      steps.push(step(`Forget the building record of ${app}`, { do: 'unmark', account: account.name, prefix: `${app}.` }));
  }
  return steps;
}
