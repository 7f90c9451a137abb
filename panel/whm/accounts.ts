import { Refused } from '../../provisioning/errors.ts';
import { accountName } from '../../provisioning/names.ts';
import * as actions from '../accounts/actions.ts';
import { type NewAccount, newAccount } from '../accounts/schema.ts';
import { waitFor } from '../jobs/actions.ts';
import type { Job } from '../jobs/queries.ts';
import { parse } from '../middleware/validate.ts';
import { type Actor, SYSTEM } from '../people/actor.ts';
import { sha256 } from '../people/secrets.ts';
import type { Caller } from './credentials.ts';
import type { Done } from './envelope.ts';
import { planOfPackage } from './packages.ts';
import type { Params } from './params.ts';
import { accountWithDomain, noteAnswered, noteCreation, removedBy, unansweredCreation } from './queries.ts';
import { clientAddress, nameserverFields } from './server-facts.ts';

/** Billing systems give up after five to ten seconds; what is not done by then goes on as a job. */
const PATIENCE_MS = 3500;

async function settle(actor: Actor, job: Job | null): Promise<void> {
  if (!job) return;
  const ended = await waitFor(actor, job.id, PATIENCE_MS);
  if (ended.state === 'failed') throw new Refused('job-failed', ended.error || 'The host could not do this.', ended.help);
}

/** A name as WHM takes it: billing systems send capitals and store the lower-case form. */
const lower = (name: string) => name.toLowerCase();

async function duplicate(error: Refused, username: string, domain: string): Promise<Refused> {
  if (error.code === 'username-taken') return new Refused(error.code, `This system already has an account named “${username}”.`);
  const holder = error.code === 'domain-taken' ? await accountWithDomain(domain) : null;
  if (holder)
    return new Refused(
      error.code,
      `The domain “${domain}” already belongs to the account “${holder}”. Use that account, or remove it first.`,
    );
  return error;
}

/** createacct: the account, its domain and its plan are reserved at once; the host's work is waited for a little. */
export async function create(caller: Caller, params: Params): Promise<Done> {
  const { actor } = caller;
  const username = lower(params.need('username', 'user'));
  const domain = params.need('domain');
  const plan = await planOfPackage(actor, caller.user, params.text('plan', 'pkgname'));
  const password = params.exact('password', 'pass') || undefined;
  const email = params.text('contactemail', 'email') || `${username}@${lower(domain)}`;
  const input = parse(newAccount, { username, domain, email, plan: plan.plan, ...(password ? { password } : {}) });
  const mark = fingerprint([actor.token ?? `person ${actor.id}`, username, lower(domain), plan.plan, email]);
  const account = (await takenUp(actor, username, mark, password)) ?? (await open(actor, input, mark));
  const options = { ip: await clientAddress(actor, account.host), package: plan.name, ...nameserverFields() };
  return { reason: 'Account Creation Ok', data: options, zero: { options }, written: () => noteAnswered(account.id) };
}

const fingerprint = (parts: (string | number)[]) => sha256(JSON.stringify(parts));

/**
 * A billing system whose line broke off asks once more for what it asked for. Only that very call gets the account of the first one, and only
 * while nobody can know of it: a name alone is never enough, as billing systems derive names from domains.
 */
async function takenUp(actor: Actor, username: string, mark: string, password: string | undefined) {
  if ((await unansweredCreation(username, mark)) === null) return null;
  if (password) await actions.changeAccount(actor, username, { password });
  return actions.accountOf(actor, username);
}

async function open(actor: Actor, input: NewAccount, mark: string) {
  const { username, domain = '' } = input;
  const opened = await actions.openAccount(actor, input).catch(async error => {
    throw error instanceof Refused ? await duplicate(error, username, domain) : error;
  });
  await noteCreation(opened.account.id, mark);
  try {
    await settle(actor, opened.job);
  } catch (error) {
    // Never half an account: what could not be made is taken away again, and the name is free for another try.
    await actions.deleteAccount(SYSTEM, username, username);
    throw error;
  }
  return opened.account;
}

/** suspendacct: done twice is done. */
export async function suspend({ actor }: Caller, params: Params): Promise<Done> {
  const user = lower(params.need('user'));
  const reason = params.text('reason') || 'Unknown';
  await settle(actor, await actions.suspendAccount(actor, user, reason.slice(0, 500)));
  return { reason: `${user} suspended` };
}

/** unsuspendacct: done twice is done. */
export async function unsuspend({ actor }: Caller, params: Params): Promise<Done> {
  const user = lower(params.need('user'));
  const account = await actions.accountOf(actor, user);
  if (account.suspended) await settle(actor, await actions.unsuspendAccount(actor, user));
  return { reason: `${user} unsuspended` };
}

/** removeacct: of a name that was removed lately it succeeds again; a name nobody ever had is an error. */
export async function remove({ actor }: Caller, params: Params): Promise<Done> {
  const user = lower(params.need('user', 'username'));
  const done = { reason: `${user} account removed` };
  try {
    await settle(actor, await actions.deleteAccount(actor, user, user));
  } catch (error) {
    const gone = error instanceof Refused && error.status === 404 && (await removedBy(actor, user));
    if (!gone) throw error;
  }
  return done;
}

/** changepackage. */
export async function changePackage(caller: Caller, params: Params): Promise<Done> {
  const user = lower(params.need('user'));
  await toPackage(caller, user, params.need('pkg', 'plan'));
  return { reason: `Account Upgrade/Downgrade Complete for ${user}` };
}

async function toPackage(caller: Caller, user: string, name: string): Promise<void> {
  const { plan } = await planOfPackage(caller.actor, caller.user, name);
  await settle(caller.actor, (await actions.changeAccount(caller.actor, user, { plan })).job);
}

/** modifyacct: another package, another contact address; what cannot be changed says so before anything is. */
export async function modify(caller: Caller, params: Params): Promise<Done> {
  let user = lower(params.need('user'));
  const account = await actions.accountOf(caller.actor, user);
  const renamed = lower(params.text('newuser'));
  const domain = lower(params.text('domain', 'DNS'));
  if (domain && domain !== account.domain) throw new Refused('no-domain-change', 'The main domain is changed in the panel, under Domains.');
  if (renamed && renamed !== user) {
    parse(accountName, renamed, 'newuser');
    await settle(caller.actor, (await actions.renameAccount(caller.actor, user, renamed)).job);
    user = renamed;
  }
  const email = params.text('contactemail');
  if (email) await actions.changeAccount(caller.actor, user, { email });
  const plan = params.text('plan');
  if (plan) await toPackage(caller, user, plan);
  return { reason: `${user} modified` };
}

/** passwd: the password with which the customer signs in. */
export async function changePassword({ actor }: Caller, params: Params): Promise<Done> {
  const user = lower(params.need('user'));
  const password = params.exact('password', 'pass');
  if (password === '') throw new Refused('missing', 'You must specify the “password” parameter.');
  if (password.length < 8 || password.length > 200) throw new Refused('bad-password', 'Use a password of 8 to 200 characters.');
  await actions.changeAccount(actor, user, { password });
  return { reason: `Password changed for user “${user}”.`, data: { app: ['system'] }, zero: { services: [{ app: 'system' }] } };
}

/** setsiteip: every account of a host shares its address, so only that one can be set. */
export async function setAddress({ actor }: Caller, params: Params): Promise<Done> {
  const user = lower(params.text('user'));
  const name = user || (await accountWithDomain(lower(params.need('domain'))));
  const account = await actions.accountOf(actor, name ?? '');
  if (params.need('ip') !== (await clientAddress(actor, account.host))) {
    throw new Refused('no-own-address', 'Accounts share the address of their host; it cannot be changed here.');
  }
  return { reason: 'The address is set.' };
}

/** verify_new_username. */
export async function verifyNewUsername({ actor }: Caller, params: Params): Promise<Done> {
  const user = lower(params.need('user'));
  parse(accountName, user, 'user');
  const taken = await actions.accountOf(actor, user).then(
    () => true,
    () => false,
  );
  if (taken) throw new Refused('username-taken', `This system already has an account named “${user}”.`);
  return { data: {} };
}
