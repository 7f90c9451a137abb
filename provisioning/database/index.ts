import type { Resource } from '../resource.ts';
import { type DatabaseFound, inspect } from './inspect.ts';
import { plan } from './plan.ts';
import { remove } from './remove.ts';

/** MySQL databases, each with one user of the same name. */
export const database: Resource<DatabaseFound> = { name: 'database', inspect, plan, remove };
