import type { TestFn } from 'ava';
import type { Instance } from '../instance.ts';

/** What the parts of the story hand on to one another. */
export interface Story {
  berth: Instance;
  /** The account every part works with, and its apps' host names. */
  account: { name: string; uid: number; home: string };
  wagtail: { host: string; owner: { user: string; password: string } };
}

export type Tell = TestFn<Story>;

export const limits = {
  memoryMb: 1024,
  cpuPercent: 200,
  processes: 100,
  diskMb: 5000,
  inodes: 500_000,
  databases: 10,
  apps: 12,
  slots: 12,
  bandwidthMb: 100_000,
  idleSeconds: 2,
};
