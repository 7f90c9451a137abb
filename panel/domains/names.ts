import { isIP } from 'node:net';
import { Refused } from '../../provisioning/errors.ts';
import { duplicateKey } from '../db/pool.ts';
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
  // On a machine by itself only names below localhost lead anywhere; those with a hyphen are Berth's to give.
  if (sitesDomain === 'localhost' && /^[a-z0-9]+\.localhost$/.test(name)) return null;
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
