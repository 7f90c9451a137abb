import type { Entry, Sight } from '../host.ts';
import type { Manifest } from '../manifest.ts';
import { type Choice, inspectChoice } from '../stacks/facts.ts';
import type { SlotStatus } from './spec.ts';

/** One slot of an account: an app's process. */
export interface SlotKey {
  app: string;
  process: string;
}

/** A slot as slotd and the disk have it. */
export interface SlotSight extends SlotKey {
  spec: string | null;
  held: SlotStatus | null;
  /** Whether the trace of a process that is not the web one stands. */
  trace: boolean;
}

/** The account's slots by app and process, and the log folders by app. */
export interface SlotFound {
  slots: Record<string, SlotSight>;
  logs: Record<string, Entry | null>;
  /** What stacks are chosen by. */
  choice: Choice;
}

/** A slot's name within its account. */
export const keyOf = ({ app, process }: SlotKey): string => (process === 'web' ? app : `${app}.${process}`);

/** Reads the specs on disk, what slotd holds, and the log folders. */
export async function inspect(sight: Sight, manifest: Manifest): Promise<SlotFound> {
  const { name } = manifest.account;
  const at = sight.layout;
  const found: SlotFound = { slots: {}, logs: {}, choice: await inspectChoice(sight, manifest) };
  const see = ({ app, process }: SlotKey): SlotSight => {
    const key = keyOf({ app, process });
    found.slots[key] ??= { app, process, spec: null, held: null, trace: false };
    return found.slots[key];
  };
  // Slots are known from several places, so that none that was ever made is overlooked; no folder of all accounts is listed.
  for (const slot of manifest.slots) see(slot);
  for (const held of await sight.slots(name)) {
    const [, app = '', process = 'web'] = held.name.split('.');
    see({ app, process }).held = held;
  }
  const apps = [...manifest.gone.apps, ...(await sight.list(at.logsOf(name))), ...Object.values(found.slots).map(slot => slot.app)];
  for (const app of new Set(apps)) {
    see({ app, process: 'web' });
    found.logs[app] = await sight.entry(at.logFolder(name, app));
    const traces = found.logs[app] ? (await sight.list(at.logFolder(name, app))).filter(entry => !entry.includes('.')) : [];
    for (const process of traces) see({ app, process }).trace = true;
  }
  for (const slot of Object.values(found.slots)) slot.spec = await sight.text(at.slotSpec(name, slot.app, slot.process));
  return found;
}
