import * as client from '../hosts/client.ts';
import { gather, partsOf } from '../hosts/deliver.ts';
import { hostById } from '../hosts/queries.ts';
import type { Actor } from '../people/actor.ts';
import { liveAccount } from './actions.ts';

/** What deleting an account would take, in sentences, as the agent plans it. Changes nothing. */
export async function previewDeletion(actor: Actor, username: string): Promise<string[]> {
  const account = await liveAccount(actor, username);
  const [parts, host] = [await partsOf(account.id), await hostById(account.hostId)];
  if (!parts || !host) return [];
  return (await client.plan(host, gather(parts).manifest, true)).map(step => step.why);
}
