import { accountOf } from '../accounts/actions.ts';
import type { Account } from '../accounts/queries.ts';
import * as client from '../hosts/client.ts';
import { hostById } from '../hosts/queries.ts';
import type { Actor } from '../people/actor.ts';

/** What an account has used, with what its plan allows beside it. Counters only grow. */
export interface AccountUsage extends client.Usage {
  username: string;
  apps: number;
  databases: number;
  limits: Account['limits'];
}

/** What one account has used, as its host counts. */
export async function usageOf(actor: Actor, username: string): Promise<AccountUsage> {
  const account = await accountOf(actor, username);
  const host = await hostById(account.hostId);
  const used = await client.usage(host!, account.unixName);
  return { username, ...used, apps: account.apps, databases: account.databases, limits: account.limits };
}
