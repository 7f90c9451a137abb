import type { SlotStatus } from '../../provisioning/slot/spec.ts';

/** One account's share of its host, as the overview lists it. */
export interface BusyAccount {
  account: string;
  memoryBytes: number;
  requests: number;
  awake: number;
  apps: number;
}

const SHOWN = 5;

/** The accounts that use the most memory now, most first; sleeping ones use none. Pure. */
export function busiestOf(slots: SlotStatus[]): BusyAccount[] {
  const accounts = new Map<string, BusyAccount>();
  for (const slot of slots) {
    const account = slot.name.split('.')[0] ?? '';
    const known = accounts.get(account) ?? { account, memoryBytes: 0, requests: 0, awake: 0, apps: 0 };
    accounts.set(account, {
      account,
      memoryBytes: known.memoryBytes + (slot.pids.length ? slot.memoryBytes : 0),
      requests: known.requests + slot.requests,
      awake: known.awake + (slot.pids.length ? 1 : 0),
      apps: known.apps + 1,
    });
  }
  const awake = [...accounts.values()].filter(entry => entry.awake > 0);
  return awake.sort((a, b) => b.memoryBytes - a.memoryBytes || b.requests - a.requests).slice(0, SHOWN);
}

/** How long the last wake of each app took, in the middle; null when none has woken yet. Pure. */
export function medianWake(slots: SlotStatus[]): number | null {
  const wakes = slots.flatMap(slot => (slot.lastWakeMs === null ? [] : [slot.lastWakeMs])).sort((a, b) => a - b);
  return wakes[Math.floor(wakes.length / 2)] ?? null;
}
