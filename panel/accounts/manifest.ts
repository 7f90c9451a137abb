import type { AccountSpec } from '../../provisioning/account/spec.ts';
import type { Account } from './queries.ts';

/** What an account should be on its host. */
export function accountSpecOf(account: Account): AccountSpec {
  if (!account.limits) throw new Error(`the account ${account.username} has no plan`);
  return {
    name: account.unixName,
    alias: account.unixName === account.username ? null : account.username,
    uid: account.uid,
    gid: account.uid,
    state: account.suspended ? 'suspended' : 'active',
    reason: account.suspended ? account.reason : '',
    limits: account.limits,
  };
}
