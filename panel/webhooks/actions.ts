import { randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { Refused } from '../../provisioning/errors.ts';
import { note } from '../audit/actions.ts';
import { together } from '../db/pool.ts';
import { notFound } from '../middleware/errors.ts';
import type { Actor } from '../people/actor.ts';
import * as queries from './queries.ts';
import type { EventType, NewWebhook } from './schema.ts';

const MOST = 50;

/** Rings when there is something to send; the sender in this process need not wait for its next look. */
export const bell = new EventEmitter();

/** The webhook of an id. Throws Refused 404. */
export async function webhookOf(actor: Actor, id: number): Promise<queries.Webhook> {
  const webhook = await queries.webhookOf(actor, id);
  if (!webhook) throw notFound('webhook');
  return webhook;
}

/** A page of webhooks, and the id to go on from. */
export async function listWebhooks(actor: Actor, page: { after?: number; limit: number }) {
  const found = await queries.webhooksOf(actor, { ...page, limit: page.limit + 1 });
  const shown = found.slice(0, page.limit);
  return { webhooks: shown, next: found.length > page.limit ? shown.at(-1)!.id : null };
}

/** Adds a webhook. Its secret is in this answer only. */
export async function addWebhook(actor: Actor, input: NewWebhook): Promise<queries.Webhook & { secret: string }> {
  const secret = `whsec_${randomBytes(24).toString('base64')}`;
  return together(async () => {
    if ((await queries.webhooksOf(actor, { limit: MOST + 1 })).length >= MOST) {
      throw new Refused('too-many-webhooks', `There are ${MOST} webhooks already.`, 'Delete one that nobody listens to.', { status: 409 });
    }
    const id = await queries.insertWebhook({ url: input.url, secret, events: input.events });
    await note(actor, { action: 'webhook-add', subject: new URL(input.url).host, detail: { id, events: input.events } });
    return { ...(await webhookOf(actor, id)), secret };
  });
}

/** Deletes a webhook with its log. */
export async function deleteWebhook(actor: Actor, id: number): Promise<void> {
  const webhook = await webhookOf(actor, id);
  await together(async () => {
    await queries.dropWebhook(webhook.id);
    await note(actor, { action: 'webhook-delete', subject: new URL(webhook.url).host, detail: { id } });
  });
}

/** A page of a webhook's messages, newest first, and the id to go on from. */
export async function listDeliveries(actor: Actor, id: number, page: { after?: number; limit: number }) {
  const webhook = await webhookOf(actor, id);
  const found = await queries.deliveriesOf(webhook.id, { ...page, limit: page.limit + 1 });
  const shown = found.slice(0, page.limit);
  return { deliveries: shown, next: found.length > page.limit ? shown.at(-1)!.id : null };
}

/** Sends a message again, with the id it had. */
export async function replay(actor: Actor, id: number, delivery: number): Promise<void> {
  const webhook = await webhookOf(actor, id);
  if (!(await queries.requeue(webhook.id, delivery))) throw notFound('delivery');
  bell.emit('ring');
}

/** Sends one webhook a message that means nothing. */
export async function sendTest(actor: Actor, id: number): Promise<void> {
  const webhook = await webhookOf(actor, id);
  await together(() => enqueue([webhook.id], 'webhook.test', { message: 'This is a test.' }));
}

async function enqueue(webhooks: number[], event: EventType, data: object): Promise<void> {
  const message = `msg_${randomUUID().replaceAll('-', '')}`;
  const payload = JSON.stringify({ type: event, timestamp: new Date().toISOString(), data });
  for (const webhook of webhooks) await queries.insertDelivery({ webhook, message, event, payload });
  if (webhooks.length > 0) bell.emit('ring');
}

/** Tells every webhook that wants to know; in the caller's transaction, so that nothing is told that did not happen. */
export async function announce(event: EventType, data: object): Promise<void> {
  await enqueue(await queries.webhooksFor(event), event, data);
}
