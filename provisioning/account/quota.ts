import type { DiskQuota } from '../host.ts';
import type { Step } from '../steps.ts';
import type { AccountSpec } from './spec.ts';

const MB = 1_048_576;

/** The step that sets the disk quota, where the file system has quotas and this one differs. Pure. */
export function planQuota(account: AccountSpec, found: DiskQuota | null): Step[] {
  const { diskMb, inodes } = account.limits;
  if (!found || (found.mostBytes === diskMb * MB && found.mostInodes === inodes)) return [];
  return [
    {
      ...{ do: 'quota', uid: account.uid, mostBytes: diskMb * MB, mostInodes: inodes },
      why: `Set the disk quota of ${account.name} to ${diskMb} MB`,
      resource: 'account',
    },
  ];
}

/** The step that takes the disk quota away. Pure. */
export function liftQuota(account: AccountSpec, found: DiskQuota | null): Step[] {
  if (!found || (found.mostBytes === 0 && found.mostInodes === 0)) return [];
  return [
    { do: 'quota', uid: account.uid, mostBytes: 0, mostInodes: 0, why: `Forget the disk quota of ${account.name}`, resource: 'account' },
  ];
}
