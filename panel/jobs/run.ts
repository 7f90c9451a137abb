import { randomUUID } from 'node:crypto';
import { Failed, Refused } from '../../provisioning/errors.ts';
import type { ApplyEvent } from '../../provisioning/manifest.ts';
import * as accounts from '../accounts/queries.ts';
import * as apps from '../apps/queries.ts';
import * as databases from '../databases/queries.ts';
import { together } from '../db/pool.ts';
import { dropDomainsOf, freeDomainsOf } from '../domains/queries.ts';
import { apply, HostAway, remove } from '../hosts/client.ts';
import { type Delivery, gather, partsOf } from '../hosts/deliver.ts';
import { hostById } from '../hosts/queries.ts';
import { SYSTEM } from '../people/actor.ts';
import { deletePeopleOf } from '../people/queries.ts';
import { type Claim, finish, putBack } from '../queue/queries.ts';
import { failedStep, mergePlan } from '../steps/queries.ts';
import { tellEnd } from '../webhooks/happened.ts';
import { Notes } from './notes.ts';
import { Output } from './output.ts';

/** How long to wait before the next try when a host is away: at first it may just be restarting. */
const WAITS = [1, 2, 5];

/** Does one job: delivers the account's manifest and writes down what happens, until it is done, has failed, or must wait. */
export async function runJob(claim: Claim, signal: AbortSignal): Promise<void> {
  try {
    await deliver(claim, signal);
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof HostAway) return wait(claim, error);
    const said = error instanceof Failed || error instanceof Refused ? error : mistake(claim, error);
    await settleFailure(claim, said.message, said.help);
  }
}

function mistake(claim: Claim, error: unknown): Failed {
  const id = randomUUID();
  console.error(`bug ${id} in job ${claim.id}`, error);
  return new Failed(`The panel made a mistake while it worked on this (number ${id}).`, {
    help: 'Try again. If it fails again, the log of the panel explains that number.',
  });
}

async function wait(claim: Claim, away: HostAway): Promise<void> {
  const seconds = WAITS[Math.min(claim.attempt, WAITS.length) - 1]!;
  await putBack(claim, seconds, `The host did not answer; we try again in ${seconds} s. ${away.message}`);
}

async function deliver(claim: Claim, signal: AbortSignal): Promise<void> {
  const parts = await partsOf(claim.accountId, claim.id);
  const host = parts ? await hostById(parts.account.hostId) : null;
  if (
    !parts ||
    !host ||
    parts.account.stage === 'terminated' ||
    (parts.account.stage === 'terminating' && claim.kind !== 'account-delete')
  ) {
    await finish(claim, 'failed', 'The account is gone or on its way out, so there is nothing left to do.');
    return;
  }
  const delivery = gather(parts);
  const deleting = claim.kind === 'account-delete';
  const events = await (deleting ? remove : apply)(host, delivery.manifest, signal);
  const end = await follow(claim, events);
  if (!end.ok) {
    const step = await failedStep(claim.id);
    return settleFailure(
      claim,
      step?.error || end.error || 'The host could not do it.',
      step?.help || 'Try again; steps that are done stay done.',
    );
  }
  await settleSuccess(claim, delivery, deleting);
}

/** Writes events down as they come; the last one says how it went. */
async function follow(claim: Claim, events: AsyncGenerator<ApplyEvent>): Promise<{ ok: boolean; error?: string }> {
  const output = new Output(claim.id);
  const notes = new Notes(claim.id, output);
  try {
    for await (const event of events) {
      if (event.type === 'plan') await mergePlan(claim.id, event.steps);
      else if (event.type === 'output') output.add(event.id, event.text);
      else if (event.type === 'step') notes.add(event);
      else {
        await notes.close();
        return event;
      }
    }
  } finally {
    await notes.close().catch(() => {});
    await output.close();
  }
  return { ok: false, error: 'The host stopped telling what it did.' };
}

async function settleSuccess(claim: Claim, delivery: Delivery, deleting: boolean): Promise<void> {
  await together(async () => {
    if (!(await finish(claim, 'done'))) return;
    await tell(claim, delivery.manifest.account.name, null);
    if (deleting) return bury(claim.accountId);
    await accounts.setApplied(claim.accountId, delivery.manifest.generation);
    await accounts.setStage(claim.accountId, 'active', ['building', 'failed']);
    await apps.markBuilt(delivery.building);
    await databases.markDatabasesReady(delivery.databases);
    for (const id of delivery.goneApps) await freeDomainsOf(id);
    await apps.forgetApps(delivery.goneApps);
    await databases.forgetDatabases(delivery.goneDatabases);
  });
}

/** Lets webhooks know how a job ended. Asked before the account is buried, while it still has its names. */
async function tell(claim: Claim, name: string | null, error: string | null): Promise<void> {
  const account = await accounts.accountById(SYSTEM, claim.accountId);
  const { id, kind, subject } = claim;
  await tellEnd({ id, kind, subject, account: name ?? account?.username ?? '', externalId: account?.externalId ?? null }, error);
}

/** Leaves the tombstone: whose name and uid they were. Everything else of the account is forgotten. */
async function bury(account: number): Promise<void> {
  await dropDomainsOf(account);
  await apps.dropAppsOf(account);
  await databases.dropDatabasesOf(account);
  await deletePeopleOf(account);
  await accounts.bury(account);
}

async function settleFailure(claim: Claim, error: string, help: string): Promise<void> {
  await together(async () => {
    if (!(await finish(claim, 'failed', error, help))) return;
    await tell(claim, null, error);
    await apps.markFailed(claim.accountId, claim.id, error);
    if (claim.kind === 'account-create') await accounts.setStage(claim.accountId, 'failed', ['building']);
  });
}
