import type { Limits } from '../../provisioning/account/spec.ts';
import { change, select } from '../db/pool.ts';
import { type Actor, mine } from '../people/actor.ts';
import { limitsFrom } from '../plans/schema.ts';

/** What an account has used, as last told; counters only grow, and the month's traffic begins anew with each month (UTC). */
export interface Used {
  diskBytes: number;
  inodes: number;
  cpuSeconds: number;
  memoryPeakBytes: number;
  requests: number;
  bandwidthBytes: number;
  slotSeconds: number;
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
       u.bandwidth_bytes AS bandwidthBytes, u.slot_seconds AS slotSeconds, u.month, u.month_began_at_bytes AS began, u.since, u.seen_at AS seenAt
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

/** What a host told of one account. */
export interface Told {
  account: number;
  diskBytes: number;
  inodes: number;
  cpuSeconds: number;
  memoryPeakBytes: number;
  requests: number;
  bandwidthBytes: number;
  slotSeconds: number;
  /** Whether disk and inodes were measured; else what was known stays. */
  measured: boolean;
}

const PORTION = 500;
const GROW = ['cpu_seconds', 'memory_peak_bytes', 'requests', 'bandwidth_bytes', 'slot_seconds'].map(
  name => `${name} = GREATEST(${name}, VALUES(${name}))`,
);

/** Keeps what a host told. Counters never go back, whatever the host lost. */
export async function keepUsages(all: readonly Told[], now = new Date()): Promise<void> {
  const month = monthOf(now);
  for (let from = 0; from < all.length; from += PORTION) {
    const part = all.slice(from, from + PORTION);
    const values = part.flatMap(told => [
      ...[
        told.account,
        told.diskBytes,
        told.inodes,
        told.cpuSeconds,
        told.memoryPeakBytes,
        told.requests,
        told.bandwidthBytes,
        told.slotSeconds,
      ],
      ...[month, told.measured ? 1 : 0],
    ]);
    await change(
      `INSERT INTO usages (account_id, disk_bytes, inodes, cpu_seconds, memory_peak_bytes, requests, bandwidth_bytes, slot_seconds, month, measured)
       VALUES ${part.map(() => '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}
       ON DUPLICATE KEY UPDATE month_began_at_bytes = IF(month = VALUES(month), month_began_at_bytes, bandwidth_bytes), month = VALUES(month),
         disk_bytes = IF(VALUES(measured) = 1, VALUES(disk_bytes), disk_bytes), inodes = IF(VALUES(measured) = 1, VALUES(inodes), inodes),
         measured = GREATEST(measured, VALUES(measured)), ${GROW.join(', ')}, seen_at = NOW(3)`,
      values,
    );
  }
}

/** What an account holds on the disk, as last measured; null when it never was. */
export async function heldBy(account: number): Promise<{ diskBytes: number; inodes: number } | null> {
  const [row] = await select<{ diskBytes: number; inodes: number }>(
    'SELECT disk_bytes AS diskBytes, inodes FROM usages WHERE account_id = ? AND measured = 1',
    [account],
  );
  return row ?? null;
}

/** The live accounts of a host, by the name they have there. */
export async function accountIdsOn(host: number): Promise<Map<string, number>> {
  const rows = await select<{ id: number; username: string }>(
    `SELECT a.id, COALESCE(r.unix_name, a.username) AS username FROM accounts a LEFT JOIN renames r ON r.account_id = a.id WHERE a.host_id = ? AND a.state = 'active'`,
    [host],
  );
  return new Map(rows.map(row => [row.username, row.id]));
}

/** An account's name with what it has used, and what else /usage tells. */
export interface UsageRow extends Used {
  username: string;
  apps: number;
  databases: number;
  limits: Limits | null;
}

/** What the accounts an actor may see have used, in the order of their names; read from what is kept, no host is asked. */
export async function usageRows(actor: Actor, page: { after?: string; limit: number }, now = new Date()): Promise<UsageRow[]> {
  type Row = Omit<UsageRow, 'limits' | 'monthBandwidthBytes'> & {
    limits: string | null;
    month: string | null;
    began: number;
    createdAt: Date;
  };
  const rows = await select<Row>(
    `SELECT a.username, u.disk_bytes AS diskBytes, u.inodes, u.cpu_seconds AS cpuSeconds, u.memory_peak_bytes AS memoryPeakBytes, u.requests,
       u.bandwidth_bytes AS bandwidthBytes, u.slot_seconds AS slotSeconds, u.month, u.month_began_at_bytes AS began, u.since, u.seen_at AS seenAt,
       x.apps, b.bases AS \`databases\`, p.limits, a.created_at AS createdAt
     FROM accounts a LEFT JOIN usages u ON u.account_id = a.id LEFT JOIN plans p ON p.id = a.plan_id
     LEFT JOIN (SELECT account_id, COUNT(*) AS apps FROM apps WHERE state <> 'deleting' GROUP BY account_id) x ON x.account_id = a.id
     LEFT JOIN (SELECT account_id, COUNT(*) AS bases FROM \`databases\` WHERE state <> 'deleting' GROUP BY account_id) b ON b.account_id = a.id
     WHERE (? = 1 OR a.id = ?) AND a.state <> 'terminated' AND a.username > ? ORDER BY a.username LIMIT ${Math.trunc(page.limit)}`,
    [...mine(actor), page.after ?? ''],
  );
  const month = monthOf(now);
  // Thousands of accounts share a few plans.
  const read = new Map<string, Limits>();
  const limitsOf = (text: string) => read.get(text) ?? read.set(text, limitsFrom(text)).get(text)!;
  return rows.map(row => ({
    username: row.username,
    diskBytes: row.diskBytes ?? 0,
    inodes: row.inodes ?? 0,
    cpuSeconds: row.cpuSeconds ?? 0,
    memoryPeakBytes: row.memoryPeakBytes ?? 0,
    requests: row.requests ?? 0,
    bandwidthBytes: row.bandwidthBytes ?? 0,
    slotSeconds: row.slotSeconds ?? 0,
    monthBandwidthBytes: row.month === month ? Math.max(0, row.bandwidthBytes - row.began) : 0,
    apps: row.apps ?? 0,
    databases: row.databases ?? 0,
    since: row.since ?? row.createdAt,
    seenAt: row.seenAt,
    limits: row.limits ? limitsOf(row.limits) : null,
  }));
}
