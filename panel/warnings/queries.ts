import { change, select } from '../db/pool.ts';

/** What every account was warned of, as `kind percent month`, by its name. */
export async function allWarnings(): Promise<Map<string, Set<string>>> {
  const rows = await select<{ username: string; kind: string; percent: number; month: string }>(
    'SELECT a.username, w.kind, w.percent, w.month FROM warnings w JOIN accounts a ON a.id = w.account_id',
  );
  const found = new Map<string, Set<string>>();
  for (const { username, kind, percent, month } of rows) {
    found.set(username, (found.get(username) ?? new Set()).add(`${kind} ${percent} ${month}`));
  }
  return found;
}

/** Notes a warning; false when another panel has told it. */
export async function remember(username: string, kind: string, percent: number, month: string): Promise<boolean> {
  const sql =
    'INSERT IGNORE INTO warnings (account_id, kind, percent, month) SELECT id, ?, ?, ? FROM accounts WHERE username = ? AND live = 1';
  return (await change(sql, [kind, percent, month, username])).rows === 1;
}

/** Forgets a warning, so that it is told again the next time. */
export async function forget(username: string, kind: string, percent: number): Promise<void> {
  const sql = `DELETE w FROM warnings w JOIN accounts a ON a.id = w.account_id WHERE a.username = ? AND w.kind = ? AND w.percent = ? AND w.month = ''`;
  await change(sql, [username, kind, percent]);
}
