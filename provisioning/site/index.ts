import type { Resource } from '../resource.ts';
import { inspect, type SiteFound } from './inspect.ts';
import { plan } from './plan.ts';
import { remove } from './remove.ts';

/** Addresses: which host name leads to which slot, by links that nginx follows without a reload. */
export const site: Resource<SiteFound> = { name: 'site', volatile: true, inspect, plan, remove };
