import { accountOf } from '../accounts/actions.ts';
import { appOf } from '../apps/queries.ts';
import * as client from '../hosts/client.ts';
import { hostById } from '../hosts/queries.ts';
import { notFound } from '../middleware/errors.ts';
import type { Actor } from '../people/actor.ts';

/** An app's figures over time, as its host keeps them. */
export async function resourcesOf(actor: Actor, username: string, name: string, range: '1h' | '24h' | '30d'): Promise<client.Series> {
  const account = await accountOf(actor, username);
  const app = await appOf(actor, account.id, name);
  const host = app && (await hostById(account.hostId));
  if (!app || !host) throw notFound('app');
  return client.appSeries(host, account.unixName, name, range);
}
