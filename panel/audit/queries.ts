import { change, limitTo, one, select, type Value } from '../db/pool.ts';
import { type Actor, mine } from '../people/actor.ts';

/** One thing somebody did. */
export interface AuditEntry {
  id: number;
  at: Date;
  actor: string;
  action: string;
  account: string;
  subject: string;
  peer: string;
  detail: string;
  beforeHash: string;
  hash: string;
}

const COLUMNS = 'id, at, actor, action, account, subject, peer, detail, before_hash AS beforeHash, hash';

/** The end of the chain, held until the transaction ends: entries are made one after another. */
export async function holdHead(): Promise<{ last: number; hash: string; now: Date }> {
  return (await one<{ last: number; hash: string; now: Date }>(
    'SELECT last, hash, NOW(3) AS now FROM audit_head WHERE id = 1 FOR UPDATE',
  ))!;
}

/** Adds an entry and makes it the end of the chain. */
export async function addEntry(entry: AuditEntry): Promise<void> {
  const values: Value[] = [entry.id, entry.at, entry.actor, entry.action, entry.account, entry.subject, entry.peer, entry.detail];
  await change(
    'INSERT INTO audit (id, at, actor, action, account, subject, peer, detail, before_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    [...values, entry.beforeHash, entry.hash],
  );
  await change('UPDATE audit_head SET last = ?, hash = ? WHERE id = 1', [entry.id, entry.hash]);
}

/** The newest entries an actor may see, older ones after the id `before`. */
export function entriesOf(actor: Actor, page: { before?: number; account?: string; limit: number }): Promise<AuditEntry[]> {
  const [all] = mine(actor);
  return select<AuditEntry>(
    `SELECT ${COLUMNS} FROM audit
     WHERE (? = 1 OR account = ?) AND (? = '' OR account = ?) AND id < ? ORDER BY id DESC ${limitTo(page.limit)}`,
    [all, actor.account ?? '-', page.account ?? '', page.account ?? '', page.before ?? 9_007_199_254_740_991],
  );
}

/** The entries after an id, oldest first, for checking the chain. */
export function entriesAfter(id: number, limit: number): Promise<AuditEntry[]> {
  return select<AuditEntry>(`SELECT ${COLUMNS} FROM audit WHERE id > ? ORDER BY id ${limitTo(limit)}`, [id]);
}
