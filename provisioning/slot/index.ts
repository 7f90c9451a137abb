import type { Resource } from '../resource.ts';
import { inspect, type SlotFound } from './inspect.ts';
import { plan } from './plan.ts';
import { remove } from './remove.ts';

/** Process slots: a listening socket, a cgroup, an entry point, limits and a mode each. */
export const slot: Resource<SlotFound> = { name: 'slot', volatile: true, inspect, plan, remove };
