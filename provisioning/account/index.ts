import type { Resource } from '../resource.ts';
import { type AccountFound, inspect } from './inspect.ts';
import { plan } from './plan.ts';
import { remove } from './remove.ts';

/** The unix account: user, group, home, and the folders that root keeps for it. */
export const account: Resource<AccountFound> = { name: 'account', inspect, plan, remove };
