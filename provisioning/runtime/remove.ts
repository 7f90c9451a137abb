import type { Step } from '../steps.ts';

/** Nothing of its own: code lies in the home, which the account's removal deletes. Pure. */
export function remove(): Step[] {
  return [];
}
