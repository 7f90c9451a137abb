import { createHash } from 'node:crypto';
import { together } from '../db/pool.ts';
import { type Actor, signature } from '../people/actor.ts';
import { type AuditEntry, addEntry, entriesAfter, entriesOf, holdHead } from './queries.ts';

/** What was done, to what; `detail` holds no secret. */
export interface Deed {
  action: string;
  account?: string;
  subject?: string;
  detail?: Record<string, unknown>;
}

function hashOf(entry: Omit<AuditEntry, 'hash'>): string {
  const { id, at, actor, action, account, subject, peer, detail, beforeHash } = entry;
  return createHash('sha256')
    .update(JSON.stringify([id, at.toISOString(), actor, action, account, subject, peer, detail, beforeHash]))
    .digest('hex');
}

/** Writes down who did what. Call it last in a transaction: entries wait for one another until the commit. */
export async function note(actor: Actor, deed: Deed): Promise<void> {
  await together(async () => {
    const head = await holdHead();
    const entry = {
      id: head.last + 1,
      at: head.now,
      actor: signature(actor),
      action: deed.action,
      account: deed.account ?? '',
      subject: deed.subject ?? '',
      peer: actor.peer,
      detail: JSON.stringify(deed.detail ?? {}),
      beforeHash: head.hash,
    };
    await addEntry({ ...entry, hash: hashOf(entry) });
  });
}

/** The newest entries the actor may see, and the id to ask on with. */
export async function auditOf(actor: Actor, page: { before?: number; account?: string; limit?: number } = {}) {
  const limit = page.limit ?? 50;
  const entries = await entriesOf(actor, { ...page, limit: limit + 1 });
  const shown = entries.slice(0, limit);
  return { entries: shown, next: entries.length > limit ? shown.at(-1)!.id : null };
}

/** The id of the first entry that does not fit the chain, or null when the whole chain holds. */
export async function brokenEntry(): Promise<number | null> {
  let before = '0'.repeat(64);
  for (let last = 0; ; ) {
    const entries = await entriesAfter(last, 500);
    for (const entry of entries) {
      if (entry.id !== last + 1 || entry.beforeHash !== before || entry.hash !== hashOf(entry)) return entry.id;
      before = entry.hash;
      last = entry.id;
    }
    if (entries.length < 500) return (await together(holdHead)).hash === before ? null : last + 1;
  }
}
