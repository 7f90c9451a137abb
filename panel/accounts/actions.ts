import { Refused } from '../../provisioning/errors.ts';
import { note } from '../audit/actions.ts';
import { duplicateKey, outside, together } from '../db/pool.ts';
import { reserveDomain } from '../domains/names.ts';
import { interrupt } from '../hosts/client.ts';
import * as hosts from '../hosts/queries.ts';
import { enqueue, order } from '../jobs/actions.ts';
import { cancelQueued, hasRunningJob, type Job } from '../jobs/queries.ts';
import { notFound } from '../middleware/errors.ts';
import { type Actor, SYSTEM } from '../people/actor.ts';
import { addPerson, customerOf, endSessionsOf, setEmails, setPassword } from '../people/queries.ts';
import { hashPassword, randomPassword } from '../people/secrets.ts';
import * as plans from '../plans/queries.ts';
import * as queries from './queries.ts';
import type { AccountChange, AccountsQuery, NewAccount } from './schema.ts';

type Account = queries.Account;

/** A page of the accounts the actor may see, and the name to ask on with. */
export async function listAccounts(actor: Actor, query: AccountsQuery = {}): Promise<{ accounts: Account[]; next: string | null }> {
  const limit = Number(query.limit ?? 50);
  const accounts = await queries.accountsOf(actor, { ...query, limit: limit + 1 });
  const shown = accounts.slice(0, limit);
  return { accounts: shown, next: accounts.length > limit ? shown.at(-1)!.username : null };
}

/** The account of a name. Throws Refused 404, also for somebody else's, and for one that has been deleted. */
export async function accountOf(actor: Actor, username: string): Promise<Account> {
  const account = await queries.accountOf(actor, username);
  if (!account || account.stage === 'terminated') throw notFound('account');
  return account;
}

/** The account of a name, if this actor may change it now. */
export async function liveAccount(actor: Actor, username: string): Promise<Account> {
  const account = await accountOf(actor, username);
  if (account.stage === 'terminating') {
    throw new Refused('account-terminating', `The account ${username} is being deleted.`, 'Nothing more can be changed in it.', {
      status: 409,
    });
  }
  if (account.suspended && actor.role === 'customer') {
    const why = account.reason ? ` Reason: ${account.reason}` : '';
    throw new Refused('account-suspended', `The account ${username} is suspended.${why}`, 'Ask your hoster to lift it.', { status: 409 });
  }
  return account;
}

async function planNamed(actor: Actor, name: string): Promise<plans.Plan> {
  const plan = await plans.planOf(actor, name);
  if (plan) return plan;
  const names = (await plans.plansOf(actor, { limit: 20 })).map(plan => plan.name).join(', ');
  const remedy = names ? `use one of: ${names}` : 'add a plan first';
  throw new Refused('unknown-plan', `There is no plan named ${name}.`, `To go on, ${remedy}.`, {
    fields: [{ field: 'plan', message: `there is no such plan, ${remedy}` }],
  });
}

async function hostFor(actor: Actor, name: string | undefined): Promise<hosts.Host> {
  const host = name ? await hosts.hostOf(actor, name) : await hosts.emptiestHost();
  if (host) return host;
  const message = name ? `there is no host named ${name}, leave this out to let Berth choose` : 'add a host first';
  throw new Refused('unknown-host', `There is no host for this account.`, 'See the list of hosts.', {
    fields: [{ field: 'host', message }],
  });
}

function taken(error: unknown, input: NewAccount): Refused | null {
  const key = duplicateKey(error);
  if (key === 'account_external') {
    return new Refused(
      'external-id-taken',
      `Another account has the externalId ${input.externalId}.`,
      'Look for it with GET /accounts?externalId=…',
      {
        status: 409,
        fields: [{ field: 'externalId', message: 'this belongs to another account' }],
      },
    );
  }
  return key === null ? null : usernameTaken(input.username);
}

function usernameTaken(name: string): Refused {
  return new Refused('username-taken', `This system already has an account named “${name}”.`, 'Choose another name.', {
    status: 409,
    fields: [{ field: 'username', message: 'this name is taken, choose another' }],
  });
}

/** Opens an account: every name and number is reserved here, at once; a job makes it on the host. The password is there when Berth made it up. */
export async function openAccount(actor: Actor, input: NewAccount): Promise<{ account: Account; job: Job; password: string | null }> {
  const plan = await planNamed(actor, input.plan);
  const host = await hostFor(actor, input.host);
  const known = await queries.accountOf(SYSTEM, input.username);
  if (known && known.stage !== 'terminated') throw usernameTaken(input.username);
  const password = input.password ?? randomPassword(16);
  const hash = await hashPassword(password);
  const { username, email, externalId = null } = input;
  try {
    const job = await together(async () => {
      const uid = await queries.nextUid();
      if (await queries.isHostName(username)) throw usernameTaken(username);
      const id = await queries.insertAccount({ username, uid, email, plan: plan.id, host: host.id, externalId });
      await addPerson({ login: username, email, role: 'customer', accountId: id, hash });
      if (input.domain) await reserveDomain({ account: id, app: null, name: input.domain, field: 'domain' });
      const made = await enqueue(actor, id, { kind: 'account-create', title: `Open the account ${username}` });
      await note(actor, { action: 'account-open', account: username, detail: { plan: plan.name, host: host.name, uid } });
      return made;
    });
    return { account: await accountOf(actor, username), job, password: input.password ? null : password };
  } catch (error) {
    throw taken(error, input) ?? error;
  }
}

/** Gives an account another name, under which people and billing systems know it from now on. Nothing that runs is touched. */
export async function renameAccount(actor: Actor, username: string, name: string): Promise<{ account: Account; job: Job | null }> {
  const account = await liveAccount(actor, username);
  if (name === username) return { account, job: null };
  try {
    const job = await together(async () => {
      // Its own first name it may have back.
      if (name !== account.unixName && (await queries.isHostName(name))) throw usernameTaken(name);
      await queries.rename(account, name);
      const made = await order(actor, account.id, { kind: 'account-change', title: `Rename ${username} to ${name}` });
      await note(actor, { action: 'account-rename', account: name, detail: { from: username } });
      return made;
    });
    return { account: await accountOf(actor, name), job };
  } catch (error) {
    if (duplicateKey(error) === null) throw error;
    throw usernameTaken(name);
  }
}

/** Changes an account's plan, email or password. Only another plan is work for the host. */
export async function changeAccount(actor: Actor, username: string, input: AccountChange): Promise<{ account: Account; job: Job | null }> {
  if (input.username && input.username !== username) {
    const { username: name, ...rest } = input;
    const renamed = await renameAccount(actor, username, name);
    const more = Object.keys(rest).length > 0 ? await changeAccount(actor, name, rest) : null;
    return { account: more?.account ?? renamed.account, job: more?.job ?? renamed.job };
  }
  const account = await liveAccount(actor, username);
  const plan = input.plan && input.plan !== account.plan ? await planNamed(actor, input.plan) : null;
  if (plan) mustFit(account, plan);
  const hash = input.password ? await hashPassword(input.password) : null;
  const job = await together(async () => {
    if (input.email) {
      await queries.setEmail(account.id, input.email);
      await setEmails(account.id, input.email);
    }
    const person = hash ? await customerOf(account.id) : null;
    if (hash && person) await setPassword(person, hash);
    if (plan) await queries.setPlan(account.id, plan.id);
    const made = plan
      ? await order(actor, account.id, { kind: 'account-change', title: `Move ${username} to the plan ${plan.name}` })
      : null;
    const changed = {
      ...(plan ? { plan: plan.name } : {}),
      ...(input.email ? { email: input.email } : {}),
      ...(hash ? { password: 'changed' } : {}),
    };
    await note(actor, { action: 'account-change', account: username, detail: changed });
    return made;
  });
  return { account: await accountOf(actor, username), job };
}

function mustFit(account: Account, plan: plans.Plan): void {
  const { apps, databases, slots } = plan.limits;
  const room = Math.min(apps, slots);
  const over = account.apps > room ? `${account.apps} apps, and ${plan.name} has room for ${room}` : null;
  const more = account.databases > databases ? `${account.databases} databases, and ${plan.name} has room for ${databases}` : null;
  if (!over && !more) return;
  throw new Refused('plan-too-small', `${account.username} has ${over ?? more}.`, 'Delete some first, or choose a larger plan.', {
    fields: [{ field: 'plan', message: `choose a larger plan: the account has ${over ?? more}` }],
  });
}

/** Gives an account another plan. */
export async function changePlan(actor: Actor, username: string, plan: string): Promise<Job | null> {
  return (await changeAccount(actor, username, { plan })).job;
}

/** A suspension or a deletion does not wait for a build: whatever runs for the account is ended, in the background. */
function hurry(account: Account): void {
  void outside(async () => {
    const host = await hosts.hostById(account.hostId);
    if (host && (await hasRunningJob(account.id))) await interrupt(host, account.unixName);
  })
    // A host that is away has nothing running that anybody waits for.
    .catch(() => {});
}

/** Suspends an account: its people are signed out at once, its sites, processes and databases by a job. */
export async function suspendAccount(actor: Actor, username: string, reason: string): Promise<Job> {
  const account = await liveAccount(actor, username);
  const job = await together(async () => {
    await queries.setSuspended(account.id, true, reason);
    await endSessionsOf(account.id);
    const job = await order(actor, account.id, { kind: 'account-suspend', title: `Suspend the account ${username}` });
    await note(actor, { action: 'account-suspend', account: username, detail: { reason } });
    return job;
  });
  hurry(account);
  return job;
}

/** Lifts a suspension. */
export async function unsuspendAccount(actor: Actor, username: string): Promise<Job> {
  const account = await liveAccount(actor, username);
  return together(async () => {
    await queries.setSuspended(account.id, false, '');
    const job = await order(actor, account.id, { kind: 'account-unsuspend', title: `Lift the suspension of ${username}` });
    await note(actor, { action: 'account-unsuspend', account: username });
    return job;
  });
}

/** Deletes an account with all it has. `confirm` is its name again. The uid stays taken for ever. */
export async function deleteAccount(actor: Actor, username: string, confirm: string | undefined): Promise<Job> {
  const account = await accountOf(actor, username);
  if (confirm !== username) {
    throw new Refused(
      'confirm-missing',
      `Deleting ${username} takes everything it has, for good.`,
      `To go on, send confirm: "${username}".`,
      {
        fields: [{ field: 'confirm', message: `write ${username} here to confirm` }],
      },
    );
  }
  const job = await together(async () => {
    await queries.setStage(account.id, 'terminating', ['building', 'active', 'failed', 'terminating']);
    await endSessionsOf(account.id);
    await cancelQueued(account.id, 'The account is being deleted, so this is no longer needed.');
    const job = await order(actor, account.id, { kind: 'account-delete', title: `Delete the account ${username}` });
    await note(actor, { action: 'account-delete', account: username });
    return job;
  });
  hurry(account);
  return job;
}
