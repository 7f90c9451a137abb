import { change, one, select } from '../db/pool.ts';
import type { Actor } from '../people/actor.ts';
import type { HostFacts } from './client.ts';

/** A host as the panel knows it: where its agent answers, and what was last heard. */
export interface Host {
  id: number;
  name: string;
  endpoint: string;
  token: string | null;
  facts: HostFacts | null;
  seenAt: Date | null;
  accounts: number;
}

type Row = Omit<Host, 'facts'> & { facts: string | null };

const SELECT = `SELECT h.id, h.name, h.endpoint, h.token, h.facts, h.seen_at AS seenAt,
  (SELECT COUNT(*) FROM accounts a WHERE a.host_id = h.id AND a.state <> 'terminated') AS accounts FROM hosts h`;

function toHost(row: Row): Host {
  return { ...row, facts: row.facts ? (JSON.parse(row.facts) as HostFacts) : null };
}

/** Every host, for those who run them. */
export async function hostsOf(actor: Actor): Promise<Host[]> {
  if (actor.role !== 'admin') return [];
  return (await select<Row>(`${SELECT} ORDER BY h.name`)).map(toHost);
}

/** The host of a name, for those who run it. */
export async function hostOf(actor: Actor, name: string): Promise<Host | null> {
  if (actor.role !== 'admin') return null;
  const row = await one<Row>(`${SELECT} WHERE h.name = ?`, [name]);
  return row ? toHost(row) : null;
}

/** The host an account lives on; asked by the job worker and by actions that have found the account. */
export async function hostById(id: number): Promise<Host | null> {
  const row = await one<Row>(`${SELECT} WHERE h.id = ?`, [id]);
  return row ? toHost(row) : null;
}

/** The host with the fewest accounts. */
export async function emptiestHost(): Promise<Host | null> {
  const row = await one<Row>(`${SELECT} ORDER BY accounts, h.id LIMIT 1`);
  return row ? toHost(row) : null;
}

/** Adds a host or moves it to another endpoint. */
export async function setHost(name: string, endpoint: string): Promise<void> {
  await change('INSERT INTO hosts (name, endpoint) VALUES (?, ?) ON DUPLICATE KEY UPDATE endpoint = VALUES(endpoint)', [name, endpoint]);
}

/** Notes what a host said of itself. */
export async function noteFacts(id: number, facts: HostFacts): Promise<void> {
  await change('UPDATE hosts SET facts = ?, seen_at = NOW(3) WHERE id = ?', [JSON.stringify(facts), id]);
}

/** The accounts of a host whose newest change does not stand there yet; asked for a host that the actor has found. */
export async function behindOn(host: number): Promise<string[]> {
  const sql = `SELECT username FROM accounts WHERE host_id = ? AND state <> 'terminated' AND applied_generation < generation ORDER BY username LIMIT 100`;
  return (await select<{ username: string }>(sql, [host])).map(row => row.username);
}
