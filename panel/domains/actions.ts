import { isIP } from 'node:net';
import { Refused } from '../../provisioning/errors.ts';
import { accountOf, liveAccount } from '../accounts/actions.ts';
import * as apps from '../apps/queries.ts';
import { note } from '../audit/actions.ts';
import { duplicateKey, together } from '../db/pool.ts';
import { order } from '../jobs/actions.ts';
import type { Job } from '../jobs/queries.ts';
import { notFound } from '../middleware/errors.ts';
import type { Actor } from '../people/actor.ts';
import { settings } from '../settings.ts';
import * as queries from './queries.ts';

function taken(name: string, field: string, why: string): Refused {
  return new Refused('domain-taken', `${name} ${why}.`, 'Use a domain of your own; if it is yours, ask your hoster to free it.', {
    status: 409,
    fields: [{ field, message: `${why}; use another domain` }],
  });
}

/** Why nobody may have this name, or null: it is the panel's, the machine's, or in the space Berth gives names from. */
function reservedReason(name: string): string | null {
  const { origin, sitesDomain } = settings();
  const panel = new URL(origin).hostname;
  if (name === panel || name.endsWith(`.${panel}`) || panel.endsWith(`.${name}`)) return 'belongs to the panel';
  if (name === 'localhost' || name.endsWith('.localhost')) return 'means the machine itself';
  if (isIP(name)) return 'is an address, not a domain';
  if (name === sitesDomain || name.endsWith(`.${sitesDomain}`)) return 'is in the space Berth gives addresses from';
  return null;
}

/** Reserves a domain for an account, in the caller's transaction. Throws Refused when it is anybody else's in any form. */
export async function reserveDomain(want: { account: number; app: number | null; name: string; field: string }): Promise<void> {
  const { account, app, name, field } = want;
  const reserved = reservedReason(name);
  if (reserved) throw taken(name, field, reserved);
  await queries.holdDomains();
  const rival = await queries.rivalOf(account, name);
  if (rival)
    throw taken(
      name,
      field,
      rival === name ? 'belongs to another account' : `is part of ${shared(rival, name)}, which belongs to another account`,
    );
  const spare = app === null ? null : await queries.spareDomain(account, name);
  if (spare !== null) return queries.assignDomain(spare, app!);
  try {
    await queries.insertDomain({ account, app, name, given: false });
  } catch (error) {
    if (duplicateKey(error) === null) throw error;
    throw taken(name, field, 'is in use already');
  }
}

/** The shorter of two names: neither tells one customer more of another than the domain they share. */
function shared(a: string, b: string): string {
  return a.length < b.length ? a : b;
}

/** Gives an app its first address, in the caller's transaction. */
export async function giveAddress(account: { id: number; username: string }, app: { id: number; name: string }): Promise<void> {
  await queries.insertDomain({ account: account.id, app: app.id, name: givenName(account.username, app.name), given: true });
}

/** The first address of an app. */
export function givenName(account: string, app: string): string {
  return `${app}-${account}.${settings().sitesDomain}`;
}

/** An address as people open it: with the port, unless it is the usual one. */
export function urlOf(host: string): string {
  const { sitesPort } = settings();
  return `http://${host}${sitesPort === 80 ? '' : `:${sitesPort}`}`;
}

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
