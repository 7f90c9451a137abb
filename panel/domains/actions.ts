import { Refused } from '../../provisioning/errors.ts';
import { accountOf, liveAccount } from '../accounts/actions.ts';
import * as apps from '../apps/queries.ts';
import { note } from '../audit/actions.ts';
import { together } from '../db/pool.ts';
import { order } from '../jobs/actions.ts';
import type { Job } from '../jobs/queries.ts';
import { notFound } from '../middleware/errors.ts';
import type { Actor } from '../people/actor.ts';
import { reserveDomain } from './names.ts';
import * as queries from './queries.ts';

/** The domains of an account. */
export async function domainsOf(actor: Actor, username: string): Promise<queries.Domain[]> {
  return queries.domainsOf(actor, (await accountOf(actor, username)).id);
}

/** Adds a domain of the customer's own to an app. */
export async function addDomain(actor: Actor, username: string, input: { domain: string; app: string }): Promise<Job> {
  const account = await liveAccount(actor, username);
  const app = await apps.appOf(actor, account.id, input.app);
  if (!app)
    throw new Refused('unknown-app', `There is no app named ${input.app}.`, 'See the list of apps.', {
      fields: [{ field: 'app', message: 'there is no such app' }],
    });
  return together(async () => {
    await reserveDomain({ account: account.id, app: app.id, name: input.domain, field: 'domain' });
    const job = await order(actor, account.id, { kind: 'domain-add', subject: app.name, title: `Serve ${app.name} at ${input.domain}` });
    await note(actor, { action: 'domain-add', account: username, subject: input.domain, detail: { app: app.name } });
    return job;
  });
}

/** Takes a domain off its app and frees it. */
export async function deleteDomain(actor: Actor, username: string, name: string): Promise<Job> {
  const account = await liveAccount(actor, username);
  return together(async () => {
    if (!(await queries.dropDomain(account.id, name))) throw notFound('domain');
    const job = await order(actor, account.id, { kind: 'domain-delete', title: `Stop serving ${name}` });
    await note(actor, { action: 'domain-delete', account: username, subject: name });
    return job;
  });
}

export { giveAddress, givenName, reserveDomain, urlOf } from './names.ts';
