import type { Entry, Sight } from '../host.ts';
import type { Manifest } from '../manifest.ts';
import { type Choice, inspectChoice } from '../stacks/facts.ts';
import type { SlotStatus } from './spec.ts';

/** The account's slots as slotd and the disk have them, by app. */
export interface SlotFound {
  specs: Record<string, string>;
  held: Record<string, SlotStatus>;
  logs: Record<string, Entry | null>;
  /** What stacks are chosen by. */
  choice: Choice;
}

/** Reads the specs on disk, what slotd holds, and the log folders. */
export async function inspect(sight: Sight, manifest: Manifest): Promise<SlotFound> {
  const { name } = manifest.account;
  const at = sight.layout;
  const prefix = `${name}.`;
  const found: SlotFound = { specs: {}, held: {}, logs: {}, choice: await inspectChoice(sight, manifest) };
  // Apps are known from three places, so that none that was ever made is overlooked; no folder of all accounts is listed.
  const apps = new Set([...manifest.slots.map(slot => slot.app), ...manifest.gone.apps, ...(await sight.list(at.logsOf(name)))]);
  for (const status of await sight.slots(name)) {
    const app = status.name.slice(prefix.length);
    found.held[app] = status;
    apps.add(app);
  }
  for (const app of apps) {
    const text = await sight.text(at.slotSpec(name, app));
    if (text !== null) found.specs[app] = text;
    found.logs[app] = await sight.entry(at.logFolder(name, app));
  }
  return found;
}
