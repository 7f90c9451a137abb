import type { Step } from '../steps.ts';

/** Nothing of its own: the files lie in folders that the account's removal deletes. Pure. */
export function remove(): Step[] {
  return [];
}
