import type { JobKind } from '../jobs/queries.ts';
import { announce } from './actions.ts';
import type { EventType } from './schema.ts';

const PAST: Record<string, EventType> = {
  'account-create': 'account.created',
  'account-change': 'account.changed',
  'account-suspend': 'account.suspended',
  'account-unsuspend': 'account.unsuspended',
  'account-delete': 'account.deleted',
  'app-create': 'app.created',
  'app-delete': 'app.deleted',
  'database-create': 'database.created',
  'database-rotate': 'database.changed',
  'database-delete': 'database.deleted',
};

/** A job that has ended, as receivers are told of it. */
export interface Ended {
  id: number;
  kind: JobKind;
  account: string;
  externalId: string | null;
  subject: string;
}

/** Tells of a job's end, in the caller's transaction. */
export async function tellEnd(job: Ended, error: string | null): Promise<void> {
  const [what] = job.kind.split('-') as ['account' | 'app' | 'database' | 'domain'];
  const { account, externalId, subject } = job;
  const data = { account, externalId, ...(subject ? { [what]: subject } : {}), job: String(job.id), ...(error === null ? {} : { error }) };
  if (error !== null) return what === 'app' ? announce('app.failed', data) : announce('account.failed', data);
  await announce(PAST[job.kind] ?? (what === 'app' ? 'app.changed' : what === 'domain' ? 'domain.changed' : 'account.changed'), data);
}
