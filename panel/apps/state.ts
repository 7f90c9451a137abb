import { recipe } from '../../provisioning/catalog/recipe.ts';
import type { SlotStatus } from '../../provisioning/slot/spec.ts';
import type { Account } from '../accounts/queries.ts';
import { urlOf } from '../domains/names.ts';
import type { AppRow } from './queries.ts';

/** The states people are told. */
export type AppState = 'building' | 'running' | 'asleep' | 'stopped' | 'failed' | 'suspended';

/** An app as people see it: its row, its state now, its address and its slots. */
export interface App extends Omit<AppRow, 'state' | 'secretKey' | 'ownerPassword' | 'env'> {
  account: string;
  state: AppState;
  deleting: boolean;
  url: string;
  loginUrl: string | null;
  slots: SlotStatus[];
  /** Whether the owner's password waits to be shown. */
  ownerWaits: boolean;
  /** The slot's ceiling, for figures like "42 MB of 512". */
  memoryMb: number | null;
}

/** Tells an app's state from its row and from what its host says; `slots` is null when the host is away. */
export function appFrom(row: AppRow, account: Account, slots: SlotStatus[] | null): App {
  const own = slotsOf(row, account, slots ?? []);
  const { secretKey: _, ownerPassword, env: __, ...shown } = row;
  const url = urlOf(row.hosts[0] ?? 'localhost');
  const path = recipe(row.recipe)?.owner?.login_path;
  const web = own.find(slot => slot.name === `${account.unixName}.${row.name}`) ?? null;
  const state = stateOf(row, account, web);
  // An app that runs has a reason too, when it is not the newest version that does.
  const said = { failed: row.reason || web?.reason, suspended: account.reason, running: web?.reason };
  return {
    ...shown,
    account: account.username,
    state,
    reason: (state in said && said[state as keyof typeof said]) || '',
    deleting: row.state === 'deleting',
    url,
    loginUrl: path && row.ownerUser ? `${url}${path}` : null,
    slots: own,
    ownerWaits: row.state === 'built' && ownerPassword !== null && row.ownerShownAt === null,
    memoryMb: account.limits?.memoryMb ?? null,
  };
}

/** The slots of one app, the one that serves visitors first. */
export function slotsOf(row: Pick<AppRow, 'name'>, account: Pick<Account, 'unixName'>, slots: SlotStatus[]): SlotStatus[] {
  const web = `${account.unixName}.${row.name}`;
  const own = slots.filter(slot => slot.name === web || slot.name.startsWith(`${web}.`));
  return own.sort((a, b) => Number(b.name === web) - Number(a.name === web) || (a.name < b.name ? -1 : 1));
}

function stateOf(row: AppRow, account: Account, slot: SlotStatus | null): AppState {
  if (account.suspended) return 'suspended';
  if (row.state === 'failed') return 'failed';
  if (row.state !== 'built') return 'building';
  if (row.stopped) return 'stopped';
  return slot ? seenAs(slot) : row.lastSeen;
}

/** A slot's state in the words for apps. */
export function seenAs(slot: SlotStatus): AppRow['lastSeen'] {
  if (slot.state === 'asleep') return 'asleep';
  return slot.state === 'backing-off' ? 'failed' : 'running';
}
