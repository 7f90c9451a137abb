import type { Host } from '../provisioning/host.ts';
import type { Bounds } from '../provisioning/stacks/automatic.ts';
import type { Who } from '../provisioning/steps.ts';
import type { Journal } from './journal.ts';
import type { Keeper } from './keeper.ts';
import type { StackKeeper } from './stacks/keeper.ts';
import type { StackTools } from './stacks/locks.ts';
import type { HostHistory } from './windows/load.ts';
import type { Stats } from './windows/stats.ts';

/** What the agent consists of, put together once in main. */
export interface Parts {
  host: Host;
  version: string;
  journal: Journal;
  keeper: Keeper;
  stats: Stats;
  load: HostHistory;
  stacks: StackKeeper;
  stackTools: StackTools;
  /** How many stacks Berth may make by itself. */
  automaticBounds: Bounds;
  /** Bytes and inodes of a home, counted as the customer. */
  measure(who: Who): Promise<{ bytes: number; inodes: number }>;
  log(line: string): void;
}
