import { account } from './account/index.ts';
import { config } from './config/index.ts';
import { database } from './database/index.ts';
import { Failed, Refused } from './errors.ts';
import type { Host, Sight } from './host.ts';
import type { Layout } from './layout.ts';
import type { ApplyEvent, Manifest } from './manifest.ts';
import type { Resource } from './resource.ts';
import { runtime } from './runtime/index.ts';
import { site } from './site/index.ts';
import { slot } from './slot/index.ts';
import { planned, type Step, stepId } from './steps.ts';

/** The resources in building order. Suspending and removing go the other way, so that the site closes first. */
export const resources: readonly Resource<unknown>[] = [account, database, config, runtime, slot, site] as Resource<unknown>[];

/** What inspect found, by resource. */
export type Findings = Record<string, unknown>;

/** Looks at everything an account has on a host; changes nothing. */
export async function inspect(sight: Sight, manifest: Manifest): Promise<Findings> {
  const found: Findings = {};
  for (const resource of resources) found[resource.name] = await resource.inspect(sight, manifest);
  return found;
}

/** The steps that make the manifest true, in order. Pure. Throws Refused when it cannot be. */
export function plan(manifest: Manifest, found: Findings, at: Layout): Step[] {
  const closing = manifest.account.state === 'suspended';
  const order = closing ? [...resources].reverse() : resources;
  return order.flatMap(resource => resource.plan(manifest, found[resource.name], at));
}

/** The steps after which nothing of the account is left, in order. Pure. */
export function remove(manifest: Manifest, found: Findings, at: Layout): Step[] {
  return [...resources].reverse().flatMap(resource => resource.remove(manifest, found[resource.name], at));
}

/** Whether a step brings back what a reboot clears, so that a host may take it without being asked. */
export function volatile(step: Step): boolean {
  return resources.some(resource => resource.volatile && resource.name === step.resource);
}

/** Does the steps one after another and tells of each; stops at the first that fails, which is thrown as Failed. */
export async function apply(host: Pick<Host, 'act'>, steps: Step[], tell: (event: ApplyEvent) => void): Promise<void> {
  tell({ type: 'plan', steps: steps.map(planned) });
  for (const step of steps) {
    const id = stepId(step);
    const started = Date.now();
    tell({ type: 'step', id, state: 'running', at: started });
    try {
      await host.act(step, text => tell({ type: 'output', id, text }));
    } catch (error) {
      const known = error instanceof Failed || error instanceof Refused;
      const message = error instanceof Error ? error.message : String(error);
      const lines = error instanceof Failed && error.lastLines ? `\n${error.lastLines}` : '';
      const help = known ? error.help : '';
      tell({ type: 'step', id, state: 'failed', at: Date.now(), ms: Date.now() - started, error: message + lines, help });
      throw error;
    }
    tell({ type: 'step', id, state: 'done', at: Date.now(), ms: Date.now() - started });
  }
}
