import { z } from 'zod';
import { accountName, unixId } from '../names.ts';

/** What a plan allows one account; every number is a ceiling, memory in MiB, cpu in percent of one core. */
export const limitsSpec = z.strictObject({
  memoryMb: z.int().min(64).max(1_048_576),
  cpuPercent: z.int().min(5).max(102_400),
  processes: z.int().min(5).max(100_000),
  /** MiB a second to and from each disk; 0 is no limit. Plans made before there was one have none. */
  ioMbps: z.int().min(0).max(100_000).default(0),
  diskMb: z.int().min(10).max(100_000_000),
  inodes: z.int().min(1000).max(1_000_000_000),
  databases: z.int().min(0).max(10_000),
  apps: z.int().min(0).max(10_000),
  slots: z.int().min(0).max(10_000),
  /** Processes that one app may serve visitors with at the same time, and threads in each of them. */
  workers: z.int().min(1).max(64).default(4),
  threads: z.int().min(1).max(64).default(16),
  bandwidthMb: z.int().min(0).max(1_000_000_000),
  idleSeconds: z.int().min(1).max(86_400),
});
export type Limits = z.infer<typeof limitsSpec>;

/** One unix account: its user, group and home. Ids are chosen by the panel and never used again. */
export const accountSpec = z.strictObject({
  name: accountName,
  /** The name people and billing systems use since the account was renamed; its files, databases and processes keep the first one. */
  alias: accountName.nullable().default(null),
  uid: unixId,
  gid: unixId,
  state: z.enum(['active', 'suspended']),
  reason: z.string().max(500).default(''),
  limits: limitsSpec,
});
export type AccountSpec = z.infer<typeof accountSpec>;
