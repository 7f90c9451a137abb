import { z } from 'zod';
import { limitsSpec } from '../../provisioning/account/spec.ts';

/** A plan's name, as it stands in addresses. */
export const planName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'use 1 to 32 lower-case letters, digits and hyphens, a letter first');

const bounds = limitsSpec.shape;

/** The limits of a plan. What is left out gets the figure of a small plan. */
export const limitsInput = z.strictObject({
  memoryMb: bounds.memoryMb.default(512),
  cpuPercent: bounds.cpuPercent.default(100),
  processes: bounds.processes.default(50),
  diskMb: bounds.diskMb.default(5000),
  inodes: bounds.inodes.default(200_000),
  databases: bounds.databases.default(3),
  apps: bounds.apps.default(3),
  slots: bounds.slots.default(3),
  bandwidthMb: bounds.bandwidthMb.default(100_000),
  idleSeconds: bounds.idleSeconds.default(300),
});

/** What a new plan may say. */
export const newPlan = z.strictObject({ name: planName, limits: limitsInput.prefault({}) });
export type NewPlan = z.infer<typeof newPlan>;

/** What may be changed of a plan: any of its limits. */
export const planChange = z.strictObject({ limits: limitsSpec.partial() });

/** A plan as it is answered. */
export const planAnswer = z.object({ name: z.string(), limits: limitsSpec, accounts: z.int(), createdAt: z.date() });
