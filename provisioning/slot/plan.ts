import { createHash } from 'node:crypto';
import type { Layout } from '../layout.ts';
import type { Manifest } from '../manifest.ts';
import { pick } from '../stacks/pick.ts';
import type { Act, Step } from '../steps.ts';
import { specText } from './contents.ts';
import type { SlotFound } from './inspect.ts';
import type { SlotSpec } from './spec.ts';

const step = (why: string, act: Act): Step => ({ ...act, why, resource: 'slot' });

/** The name under which slotd and we know one text of a spec. */
export const specDigest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The slot with its stack chosen, where Berth is to choose. */
function settled(slot: SlotSpec, { choice }: SlotFound): SlotSpec {
  if (slot.stack !== 'auto') return slot;
  return { ...slot, stack: pick(choice.environments[slot.app] ?? null, slot.python, choice.standing) };
}

function up(manifest: Manifest, slot: SlotSpec, found: SlotFound, at: Layout): Step[] {
  const { name } = manifest.account;
  const { app } = slot;
  const text = specText(manifest, settled(slot, found), at);
  const held = found.held[app];
  const steps: Step[] = [];
  if (!found.logs[app])
    steps.push(step(`Make the log folder of ${app}`, { do: 'folder', path: at.logFolder(name, app), mode: 0o700, uid: 0, gid: 0 }));
  if (found.specs[app] !== text) {
    const why = found.specs[app] ? `Update the process slot of ${app}` : `Describe the process slot of ${app}`;
    steps.push(step(why, { do: 'write', path: at.slotSpec(name, app), text, mode: 0o600, uid: 0, gid: 0 }));
  }
  if (held?.digest !== specDigest(text)) {
    const restart = held && held.generation < slot.generation;
    const why = restart
      ? `Restart ${app} without losing a request`
      : held
        ? `Apply the new settings of ${app}`
        : `Open the process slot of ${app}`;
    steps.push(step(why, { do: 'slot', verb: 'load', name: at.slotName(name, app) }));
  }
  return steps;
}

/** The steps that leave no process, socket or spec of one slot. */
export function down(account: string, app: string, found: SlotFound, at: Layout): Step[] {
  const steps: Step[] = [];
  // The spec goes first: should slotd start again in between, it does not bring the slot back.
  if (found.specs[app]) steps.push(step(`Put away the process slot of ${app}`, { do: 'delete', path: at.slotSpec(account, app) }));
  if (found.held[app]) steps.push(step(`End every process of ${app}`, { do: 'slot', verb: 'unload', name: at.slotName(account, app) }));
  return steps;
}

/** What must happen for the account's slots to be as the manifest says. Pure. */
export function plan(manifest: Manifest, found: SlotFound, at: Layout): Step[] {
  const { account } = manifest;
  const steps: Step[] = [];
  const wanted = new Map(manifest.slots.map(slot => [slot.app, slot]));
  for (const slot of manifest.slots) {
    const runs = slot.state === 'up' && account.state === 'active';
    steps.push(...(runs ? up(manifest, slot, found, at) : down(account.name, slot.app, found, at)));
  }
  const known = new Set([...Object.keys(found.specs), ...Object.keys(found.held)]);
  for (const app of known) if (!wanted.has(app)) steps.push(...down(account.name, app, found, at));
  for (const app of manifest.gone.apps) {
    if (!wanted.has(app) && found.logs[app])
      steps.push(step(`Delete the logs of ${app}`, { do: 'delete', path: at.logFolder(account.name, app) }));
  }
  return steps;
}
