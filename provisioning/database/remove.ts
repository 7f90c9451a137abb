import type { Manifest } from '../manifest.ts';
import type { Step } from '../steps.ts';
import type { DatabaseFound } from './inspect.ts';
import { drop } from './plan.ts';

/** What must go for no database or database user of the account to be left. Pure. */
export function remove(_manifest: Manifest, found: DatabaseFound): Step[] {
  return [...new Set([...found.databases, ...Object.keys(found.users)])].flatMap(name => drop(name, found));
}
