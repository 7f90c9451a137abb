import type { Resource } from '../resource.ts';
import { type ConfigFound, inspect } from './inspect.ts';
import { plan } from './plan.ts';
import { remove } from './remove.ts';

/** The per-user configuration file, the MySQL option file, and each app's environment. */
export const config: Resource<ConfigFound> = { name: 'config', inspect, plan, remove };
