import type { ChildProcess } from 'node:child_process';
import type { Berth } from './berth.ts';
import type { Ground, User } from './ground.ts';

/** How much is measured. */
export interface Effort {
  wakes: number;
  crowds: number;
  loads: number;
  loadSeconds: number;
  registered: number;
  restSeconds: number;
  slots: number;
  requests: number;
  accounts: number;
}

/** Everything that stands while the rows are measured. */
export interface Stage {
  ground: Ground;
  effort: Effort;
  /** Berth with a Django, an unmatched Django and a Flask slot for every user. */
  main: Berth;
  /** Berth with ten slots and one stack. */
  few: Berth;
  /** Berth with ten thousand slots. */
  many: Berth;
  emperor: ChildProcess | null;
}

/** The user whose turn it is in a round. */
export function turn(stage: Stage, round: number): User {
  const { users } = stage.ground;
  return users[round % users.length]!;
}

/** The same things in another order every round, so that no one always comes after the same neighbour. */
export function rotated<T>(things: T[], round: number): T[] {
  const by = round % things.length;
  return [...things.slice(by), ...things.slice(0, by)];
}
