import type { Sight } from '../host.ts';
import type { Layout } from '../layout.ts';
import type { Step } from '../steps.ts';
import { inspectGround, inspectPackages, inspectStacks } from './inspect.ts';
import { planGround, planPackages } from './plan.ts';
import { inspectServers, planServers } from './servers.ts';
import type { Foundation } from './spec.ts';
import { planStacks } from './stacks.ts';

/** A part of the foundation: looked at, planned and applied before the next one is looked at. */
export interface Part<Found> {
  readonly name: string;
  inspect(sight: Sight, wanted: Foundation): Promise<Found>;
  plan(wanted: Foundation, found: Found, at: Layout): Step[];
}

const packages = { name: 'packages', inspect: inspectPackages, plan: planPackages };
const ground = { name: 'ground', inspect: inspectGround, plan: planGround };
const servers = { name: 'servers', inspect: inspectServers, plan: planServers };
const stacks = { name: 'stacks', inspect: inspectStacks, plan: planStacks };

/**
 * What a host needs before its first account, in building order. The parts are separate because what packages bring
 * (an interpreter, a group) can only be seen once they are there.
 */
export const foundation: readonly Part<unknown>[] = [packages, ground, stacks, servers] as Part<unknown>[];

/** What is left to do for one part on this host. */
export async function planPart(part: Part<unknown>, sight: Sight, wanted: Foundation): Promise<Step[]> {
  return part.plan(wanted, await part.inspect(sight, wanted), sight.layout);
}
