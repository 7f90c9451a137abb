import { change, select } from '../db/pool.ts';

/** What an account has used, as last told; counters only grow, and the month's traffic begins anew with each month (UTC). */
export interface Used {
  diskBytes: number;
  inodes: number;
  cpuSeconds: number;
  memoryPeakBytes: number;
  requests: number;
  bandwidthBytes: number;
  monthBandwidthBytes: number;
  since: Date;
  seenAt: Date;
}

/** The month of a moment, as it is kept. */
export function monthOf(at: Date): string {
  return at.toISOString().slice(0, 7);
}

/** What every account has used, by its name, for callers that may see them all. */
export async function usedByAccount(now = new Date()): Promise<Map<string, Used>> {
  const rows = await select<Used & { username: string; month: string; began: number }>(
    `SELECT a.username, u.disk_bytes AS diskBytes, u.inodes, u.cpu_seconds AS cpuSeconds, u.memory_peak_bytes AS memoryPeakBytes, u.requests,
       u.bandwidth_bytes AS bandwidthBytes, u.month, u.month_began_at_bytes AS began, u.since, u.seen_at AS seenAt
     FROM usages u JOIN accounts a ON a.id = u.account_id WHERE a.state IN ('building', 'active')`,
  );
  const month = monthOf(now);
  return new Map(
    rows.map(({ username, month: counted, began, ...used }) => [
      username,
      { ...used, monthBandwidthBytes: counted === month ? Math.max(0, used.bandwidthBytes - began) : 0 },
    ]),
  );
}

/** Keeps what a host told of one account. Counters never go back, whatever the host lost. */
export async function keepUsage(
  account: number,
  used: Omit<Used, 'monthBandwidthBytes' | 'since' | 'seenAt'>,
  now = new Date(),
): Promise<void> {
  const month = monthOf(now);
  await change(
    `INSERT INTO usages (account_id, disk_bytes, inodes, cpu_seconds, memory_peak_bytes, requests, bandwidth_bytes, month, month_began_at_bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)
     ON DUPLICATE KEY UPDATE month_began_at_bytes = IF(month = VALUES(month), month_began_at_bytes, bandwidth_bytes), month = VALUES(month),
       disk_bytes = VALUES(disk_bytes), inodes = VALUES(inodes), cpu_seconds = GREATEST(cpu_seconds, VALUES(cpu_seconds)),
       memory_peak_bytes = GREATEST(memory_peak_bytes, VALUES(memory_peak_bytes)), requests = GREATEST(requests, VALUES(requests)),
       bandwidth_bytes = GREATEST(bandwidth_bytes, VALUES(bandwidth_bytes)), seen_at = NOW(3)`,
    [account, used.diskBytes, used.inodes, used.cpuSeconds, used.memoryPeakBytes, used.requests, used.bandwidthBytes, month],
  );
}

/** The live accounts of a host, by name. */
export async function accountIdsOn(host: number): Promise<Map<string, number>> {
  const rows = await select<{ id: number; username: string }>(`SELECT id, username FROM accounts WHERE host_id = ? AND state = 'active'`, [
    host,
  ]);
  return new Map(rows.map(row => [row.username, row.id]));
}
