import type { Layout } from '../layout.ts';
import type { Manifest } from '../manifest.ts';
import type { Step } from '../steps.ts';
import type { SlotFound } from './inspect.ts';
import { down } from './plan.ts';

/** What must go for no slot of the account to be left. Pure. */
export function remove(manifest: Manifest, found: SlotFound, at: Layout): Step[] {
  return Object.values(found.slots).flatMap(seen => down(manifest.account.name, seen, at));
}
