import { z } from 'zod';
import { type Limits, limitsSpec } from '../../provisioning/account/spec.ts';

/** The limits of a plan as its row holds them. A row may be older than a limit, which it then does not have. */
export function limitsFrom(text: string): Limits {
  return { ioMbps: 0, workers: 4, threads: 16, ...JSON.parse(text) };
}

/** A plan's name, as it stands in addresses. */
export const planName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'use 1 to 32 lower-case letters, digits and hyphens, a letter first');

const bounds = limitsSpec.shape;

/** The limits of a plan. What is left out gets the figure of a small plan. */
export const limitsInput = z.strictObject({
  memoryMb: bounds.memoryMb.default(512),
  cpuPercent: bounds.cpuPercent.default(100),
  processes: bounds.processes.default(50),
  ioMbps: bounds.ioMbps,
  diskMb: bounds.diskMb.default(5000),
  inodes: bounds.inodes.default(200_000),
  databases: bounds.databases.default(3),
  apps: bounds.apps.default(3),
  slots: bounds.slots.default(3),
  workers: bounds.workers,
  threads: bounds.threads,
  bandwidthMb: bounds.bandwidthMb.default(100_000),
  idleSeconds: bounds.idleSeconds.default(300),
});

/** What a new plan may say. */
export const newPlan = z.strictObject({ name: planName, limits: limitsInput.prefault({}) });
export type NewPlan = z.infer<typeof newPlan>;

// Without the default, which would set what nobody asked for.
const limitsPart = limitsSpec
  .extend({ ioMbps: bounds.ioMbps.unwrap(), workers: bounds.workers.unwrap(), threads: bounds.threads.unwrap() })
  .partial();

/** What may be changed of a plan: any of its limits. */
export const planChange = z.strictObject({ limits: limitsPart });

/** A plan as it is answered. */
export const planAnswer = z.object({ name: z.string(), limits: limitsSpec, accounts: z.int(), createdAt: z.date() });
