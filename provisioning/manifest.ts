import { z } from 'zod';
import { accountSpec } from './account/spec.ts';
import { configSpec } from './config/spec.ts';
import { databaseSpec } from './database/spec.ts';
import { appName, databaseName } from './names.ts';
import { runtimeSpec } from './runtime/spec.ts';
import { siteSpec } from './site/spec.ts';
import { slotSpec } from './slot/spec.ts';

/**
 * All that one account should be on one host. The panel writes it, the agent makes it true.
 * Only whole manifests travel, never changes; an older generation than the one applied is refused.
 */
export const manifestSchema = z
  .strictObject({
    version: z.literal(1),
    generation: z.int().min(1),
    account: accountSpec,
    databases: z.array(databaseSpec).max(10_000),
    configs: z.array(configSpec).max(10_000),
    runtimes: z.array(runtimeSpec).max(10_000),
    slots: z.array(slotSpec).max(10_000),
    sites: z.array(siteSpec).max(10_000),
    /** What may be deleted. Data that is merely left out is never deleted, it is refused. */
    gone: z.strictObject({
      databases: z.array(databaseName),
      apps: z.array(appName),
    }),
  })
  .superRefine(({ slots, sites }, check) => {
    const names = slots.map(slot => `${slot.app}.${slot.process}`);
    const wrong = (path: (string | number)[], message: string) => check.addIssue({ code: 'custom', path, message });
    for (const [i, slot] of slots.entries()) {
      if (names.indexOf(names[i]!) !== i) wrong(['slots', i, 'process'], `${slot.app} has a process named ${slot.process} already`);
      if (!names.includes(`${slot.app}.web`)) wrong(['slots', i, 'app'], `${slot.app} has no web slot beside its ${slot.process}`);
    }
    for (const [i, { app }] of sites.entries())
      if (!names.includes(`${app}.web`)) wrong(['sites', i, 'app'], `the app ${app} has no web slot that could serve it`);
  });
export type Manifest = z.infer<typeof manifestSchema>;

/** One step of a plan, as people see it. `id` names the same step again after a restart. */
export interface PlannedStep {
  id: string;
  resource: string;
  why: string;
}

/** What the agent tells, a line of JSON each, while it makes a manifest true. Times are ms since the epoch. */
export type ApplyEvent =
  | { type: 'plan'; steps: PlannedStep[] }
  | { type: 'step'; id: string; state: 'running' | 'done' | 'failed'; at: number; ms?: number; error?: string; help?: string }
  | { type: 'output'; id: string; text: string }
  | { type: 'end'; ok: boolean; generation: number; error?: string };
