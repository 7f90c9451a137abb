import { change, duplicateKey, one } from '../db/pool.ts';

/** One Idempotency-Key of one caller, and the attempt that works on it. */
export interface KeySlot {
  caller: string;
  name: string;
  hash: string;
  owner: string;
}

/** Takes a key for this attempt; false when somebody holds it. A holder that dies blocks it for a minute. */
export async function addKey(slot: KeySlot): Promise<boolean> {
  try {
    const sql = 'INSERT INTO idempotency_keys (caller, name, hash, owner, lease_until) VALUES (?, ?, ?, ?, NOW(3) + INTERVAL 60 SECOND)';
    await change(sql, [slot.caller, slot.name, slot.hash, slot.owner]);
    return true;
  } catch (error) {
    if (duplicateKey(error) === null) throw error;
    return false;
  }
}

/** What is known of a key; `dead` when its holder has died. */
export function keyOf(slot: KeySlot): Promise<{ hash: string; status: number | null; answer: string | null; dead: number } | null> {
  const sql =
    'SELECT hash, status, answer, answer IS NULL AND lease_until < NOW(3) AS dead FROM idempotency_keys WHERE caller = ? AND name = ?';
  return one(sql, [slot.caller, slot.name]);
}

/** Keeps the sealed answer of the attempt that holds the key. */
export async function keepAnswer(slot: KeySlot, status: number, answer: string): Promise<void> {
  const sql = 'UPDATE idempotency_keys SET status = ?, answer = ? WHERE caller = ? AND name = ? AND owner = ?';
  await change(sql, [status, answer, slot.caller, slot.name, slot.owner]);
}

/** Gives a key back. */
export async function dropKey(slot: KeySlot): Promise<void> {
  await change('DELETE FROM idempotency_keys WHERE caller = ? AND name = ? AND owner = ?', [slot.caller, slot.name, slot.owner]);
}

/** Frees a key whose holder has died. */
export async function dropDeadKey(slot: KeySlot): Promise<void> {
  await change('DELETE FROM idempotency_keys WHERE caller = ? AND name = ? AND answer IS NULL AND lease_until < NOW(3)', [
    slot.caller,
    slot.name,
  ]);
}

/** Forgets answers after a day. */
export async function sweepKeys(): Promise<void> {
  await change('DELETE FROM idempotency_keys WHERE created_at < NOW(3) - INTERVAL 1 DAY');
}
