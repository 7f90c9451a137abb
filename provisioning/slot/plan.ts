import { createHash } from 'node:crypto';
import type { Layout } from '../layout.ts';
import type { Manifest } from '../manifest.ts';
import { pick } from '../stacks/pick.ts';
import type { Act, Step } from '../steps.ts';
import { specText } from './contents.ts';
import { keyOf, type SlotFound, type SlotKey, type SlotSight } from './inspect.ts';
import type { SlotSpec } from './spec.ts';

const step = (why: string, act: Act): Step => ({ ...act, why, resource: 'slot' });

/** The name under which slotd and we know one text of a spec. */
export const specDigest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A slot as sentences call it. */
const called = ({ app, process }: SlotKey): string => (process === 'web' ? app : `${process} of ${app}`);

/** The slot with its stack chosen, where Berth is to choose. */
function settled(slot: SlotSpec, { choice }: SlotFound): SlotSpec {
  return slot.stack === 'auto' ? { ...slot, stack: pick(choice.environments[slot.app] ?? null, slot.python, choice.standing) } : slot;
}

function up(manifest: Manifest, slot: SlotSpec, seen: SlotSight | undefined, at: Layout): Step[] {
  const { name } = manifest.account;
  const { app, process } = slot;
  const text = specText(manifest, slot, at);
  const held = seen?.held;
  const who = called(slot);
  const steps: Step[] = [];
  if (process !== 'web' && !seen?.trace)
    steps.push(step(`Make a place for ${who}`, { do: 'folder', path: at.slotTrace(name, app, process), mode: 0o700, uid: 0, gid: 0 }));
  if (seen?.spec !== text) {
    const why = seen?.spec ? `Update the process slot of ${who}` : `Describe the process slot of ${who}`;
    steps.push(step(why, { do: 'write', path: at.slotSpec(name, app, process), text, mode: 0o600, uid: 0, gid: 0 }));
  }
  // What a slot is cannot change while it is held: a socket does not become a schedule.
  const other = held && held.role !== slot.role;
  if (other) steps.push(step(`End ${who}, which becomes another kind of process`, unload(name, slot, at)));
  if (held?.digest !== specDigest(text)) {
    const restart = held && held.generation < slot.generation;
    const why = !held || other ? `Open the process slot of ${who}` : restart ? restarting(slot) : `Apply the new settings of ${who}`;
    steps.push(step(why, { do: 'slot', verb: 'load', name: at.slotName(name, app, process) }));
  }
  return steps;
}

function restarting(slot: SlotSpec): string {
  if (slot.role === 'scheduled') return `Let the next run of ${called(slot)} take the new version`;
  return slot.role === 'web' ? `Restart ${slot.app} without losing a request` : `Restart ${called(slot)}`;
}

function unload(account: string, { app, process }: SlotKey, at: Layout): Act {
  return { do: 'slot', verb: 'unload', name: at.slotName(account, app, process) };
}

/** The steps that leave no process, socket or spec of one slot. */
export function down(account: string, seen: SlotSight, at: Layout): Step[] {
  const { app, process } = seen;
  const who = called(seen);
  const steps: Step[] = [];
  // The spec goes first: should slotd start again in between, it does not bring the slot back.
  if (seen.spec !== null)
    steps.push(step(`Put away the process slot of ${who}`, { do: 'delete', path: at.slotSpec(account, app, process) }));
  if (seen.held) steps.push(step(`End every process of ${who}`, unload(account, seen, at)));
  if (seen.trace) steps.push(step(`Clear the place of ${who}`, { do: 'delete', path: at.slotTrace(account, app, process) }));
  return steps;
}

/** What must happen for the account's slots to be as the manifest says. Pure. */
export function plan(manifest: Manifest, found: SlotFound, at: Layout): Step[] {
  const { account } = manifest;
  const steps: Step[] = [];
  const wanted = new Map(manifest.slots.map(slot => [keyOf(slot), slot]));
  const apps = new Set(manifest.slots.map(slot => slot.app));
  const running = account.state === 'active' ? manifest.slots.filter(slot => slot.state === 'up') : [];
  for (const app of new Set(running.map(slot => slot.app)))
    if (!found.logs[app])
      steps.push(
        step(`Make the log folder of ${app}`, { do: 'folder', path: at.logFolder(account.name, app), mode: 0o700, uid: 0, gid: 0 }),
      );
  for (const slot of running) steps.push(...up(manifest, settled(slot, found), found.slots[keyOf(slot)], at));
  for (const [key, seen] of Object.entries(found.slots)) {
    const slot = wanted.get(key);
    if (!slot || !running.includes(slot)) steps.push(...down(account.name, seen, at));
  }
  for (const app of manifest.gone.apps) {
    if (!apps.has(app) && found.logs[app])
      steps.push(step(`Delete the logs of ${app}`, { do: 'delete', path: at.logFolder(account.name, app) }));
  }
  return steps;
}
