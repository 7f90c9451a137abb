import type { Resource } from '../resource.ts';
import { inspect, type RuntimeFound } from './inspect.ts';
import { plan } from './plan.ts';
import { remove } from './remove.ts';

/** The code of apps, built a release at a time inside the build slot. */
export const runtime: Resource<RuntimeFound> = { name: 'runtime', inspect, plan, remove };
