import { type Manifest, manifestSchema } from '../../provisioning/manifest.ts';
import { accountSpecOf } from '../accounts/manifest.ts';
import { type Account, accountById } from '../accounts/queries.ts';
import { appSpecsOf } from '../apps/manifest.ts';
import { type AppRow, appsOf } from '../apps/queries.ts';
import { databaseSpecOf } from '../databases/manifest.ts';
import { type Database, databasesOf } from '../databases/queries.ts';
import { SYSTEM } from '../people/actor.ts';

/** A manifest, and the rows it was made of, so that they can be told what became of them. */
export interface Delivery {
  manifest: Manifest;
  building: { id: number; release: number }[];
  databases: number[];
  goneApps: number[];
  goneDatabases: number[];
}

/** What a manifest is made of. */
export interface Parts {
  account: Account;
  apps: AppRow[];
  databases: Database[];
  /** Apps that wait to be built by a later job are not begun by an earlier one, so that each job fails only by itself. */
  upToJob: number;
}

/** Reads all that an account should be. The generation is read first: a change after that comes with a later one. */
export async function partsOf(accountId: number, upToJob = Number.MAX_SAFE_INTEGER): Promise<Parts | null> {
  const account = await accountById(SYSTEM, accountId);
  if (!account) return null;
  return { account, apps: await appsOf(SYSTEM, accountId), databases: await databasesOf(SYSTEM, accountId), upToJob };
}

/** Gathers every feature's specs into the one manifest of an account. */
export function gather({ account, apps, databases, upToJob }: Parts): Delivery {
  const begun = apps.filter(app => !(app.state === 'building' && app.builtAt === null && app.jobId > upToJob));
  const deleting = begun.filter(app => app.state === 'deleting');
  // An app that could not be built holds nobody's data yet. What is left of it makes way, so that it cannot fail other jobs.
  const failed = begun.filter(app => app.state === 'failed');
  const live = begun.filter(app => app.state === 'building' || app.state === 'built');
  const specs = live.map(app => appSpecsOf(app, account.limits!));
  const goneDatabases = databases.filter(database => database.state === 'deleting');
  const manifest: Manifest = {
    version: 1,
    generation: account.generation,
    account: accountSpecOf(account),
    databases: databases.filter(database => database.state !== 'deleting').map(databaseSpecOf),
    configs: specs.map(spec => spec.config),
    runtimes: specs.map(spec => spec.runtime),
    slots: specs.flatMap(spec => spec.slots),
    sites: specs.map(spec => spec.site),
    gone: { databases: goneDatabases.map(database => database.name), apps: [...deleting, ...failed].map(app => app.name) },
  };
  return {
    manifest: manifestSchema.parse(manifest),
    building: live.filter(app => app.state === 'building').map(({ id, release }) => ({ id, release })),
    databases: databases.filter(database => database.state === 'building').map(database => database.id),
    goneApps: deleting.map(app => app.id),
    goneDatabases: goneDatabases.map(database => database.id),
  };
}
