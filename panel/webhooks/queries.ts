import { change, limitTo, one, select, together } from '../db/pool.ts';
import type { Actor } from '../people/actor.ts';
import type { EventType } from './schema.ts';

/** An address that is told what happens. */
export interface Webhook {
  id: number;
  url: string;
  events: EventType[];
  createdAt: Date;
}

/** One message to one webhook. */
export interface Delivery {
  id: number;
  message: string;
  event: string;
  payload: string;
  state: 'queued' | 'sent' | 'failed';
  attempts: number;
  status: number | null;
  error: string;
  nextAt: Date | null;
  createdAt: Date;
  endedAt: Date | null;
}

type Row = Omit<Webhook, 'events'> & { events: string };
const toWebhook = (row: Row): Webhook => ({ ...row, events: JSON.parse(row.events) as EventType[] });
const SELECT = 'SELECT w.id, w.url, w.events, w.created_at AS createdAt FROM webhooks w';
const DELIVERY = `SELECT d.id, d.message, d.event, d.payload, d.state, d.attempts, d.status, d.error, IF(d.state = 'queued', d.next_at, NULL) AS nextAt,
    d.created_at AS createdAt, d.ended_at AS endedAt FROM deliveries d`;
/** A sender that says nothing for so long has died. */
const LEASE_SECONDS = 60;

/** Webhooks, for those who run the panel. */
export async function webhooksOf(actor: Actor, page: { after?: number; limit: number }): Promise<Webhook[]> {
  if (actor.role !== 'admin') return [];
  return (await select<Row>(`${SELECT} WHERE w.id > ? ORDER BY w.id ${limitTo(page.limit)}`, [page.after ?? 0])).map(toWebhook);
}

/** The webhook of an id, or null. */
export async function webhookOf(actor: Actor, id: number): Promise<Webhook | null> {
  if (actor.role !== 'admin' || !Number.isSafeInteger(id)) return null;
  const row = await one<Row>(`${SELECT} WHERE w.id = ?`, [id]);
  return row ? toWebhook(row) : null;
}

/** Adds a webhook; answers its id. */
export async function insertWebhook(row: { url: string; secret: string; events: readonly EventType[] }): Promise<number> {
  return (await change('INSERT INTO webhooks (url, secret, events) VALUES (?, ?, ?)', [row.url, row.secret, JSON.stringify(row.events)]))
    .id;
}

/** Deletes a webhook with its log. */
export async function dropWebhook(id: number): Promise<void> {
  await change('DELETE FROM webhooks WHERE id = ?', [id]);
}

/** Every webhook that wants to know of an event. */
export async function webhooksFor(event: EventType): Promise<number[]> {
  const rows = await select<{ id: number; events: string }>('SELECT id, events FROM webhooks ORDER BY id LIMIT 200');
  return rows.filter(row => row.events === '[]' || (JSON.parse(row.events) as string[]).includes(event)).map(row => row.id);
}

/** Puts a message on its way, in the caller's transaction. */
export async function insertDelivery(row: { webhook: number; message: string; event: EventType; payload: string }): Promise<number> {
  const sql = 'INSERT INTO deliveries (webhook_id, message, event, payload) VALUES (?, ?, ?, ?)';
  return (await change(sql, [row.webhook, row.message, row.event, row.payload])).id;
}

/** The messages of a webhook that the caller has found, newest first. */
export function deliveriesOf(webhook: number, page: { after?: number; limit: number }): Promise<Delivery[]> {
  const sql = `${DELIVERY} WHERE d.webhook_id = ? AND d.id < ? ORDER BY d.id DESC ${limitTo(page.limit)}`;
  return select<Delivery>(sql, [webhook, page.after ?? Number.MAX_SAFE_INTEGER]);
}

/** Sends a message again from the beginning; false when the webhook has no such message. */
export async function requeue(webhook: number, delivery: number): Promise<boolean> {
  const sql = `UPDATE deliveries SET state = 'queued', attempts = 0, error = '', status = NULL, next_at = NOW(3), lease_until = NULL, ended_at = NULL WHERE webhook_id = ? AND id = ?`;
  return Number.isSafeInteger(delivery) && (await change(sql, [webhook, delivery])).rows === 1;
}

/** A message that this sender holds for a minute. */
export interface Due extends Delivery {
  url: string;
  secret: string;
}

/** Takes the next message that is due. Several panels may look at once; each message has one sender. */
export function claimDelivery(): Promise<Due | null> {
  return together(async () => {
    const due = await one<{ id: number }>(
      `SELECT id FROM deliveries WHERE state = 'queued' AND next_at <= NOW(3) AND (lease_until IS NULL OR lease_until < NOW(3)) ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
    );
    if (!due) return null;
    await change(`UPDATE deliveries SET attempts = attempts + 1, lease_until = NOW(3) + INTERVAL ${LEASE_SECONDS} SECOND WHERE id = ?`, [
      due.id,
    ]);
    return one<Due>(
      `SELECT d.id, d.message, d.event, d.payload, d.state, d.attempts, d.status, d.error, d.next_at AS nextAt, d.created_at AS createdAt, d.ended_at AS endedAt, w.url, w.secret
       FROM deliveries d JOIN webhooks w ON w.id = d.webhook_id WHERE d.id = ?`,
      [due.id],
    );
  });
}

/** Writes down how a try went. `again`: seconds until the next one, or null when there is none. */
export async function settle(
  delivery: number,
  told: { sent: boolean; status: number | null; error: string; again: number | null },
): Promise<void> {
  const state = told.sent ? 'sent' : told.again === null ? 'failed' : 'queued';
  const sql = `UPDATE deliveries SET state = ?, status = ?, error = ?, lease_until = NULL, next_at = NOW(3) + INTERVAL ? SECOND, ended_at = IF(? = 'queued', NULL, NOW(3)) WHERE id = ?`;
  await change(sql, [state, told.status, told.error.slice(0, 500), told.again ?? 0, state, delivery]);
}

/** Forgets messages that ended a month ago. */
export async function sweepDeliveries(): Promise<void> {
  await change(`DELETE FROM deliveries WHERE state <> 'queued' AND ended_at < NOW(3) - INTERVAL 30 DAY LIMIT 5000`);
}
