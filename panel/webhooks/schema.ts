import { z } from 'zod';

/** Everything that webhooks tell of. */
export const EVENTS = [
  'account.created',
  'account.changed',
  'account.suspended',
  'account.unsuspended',
  'account.deleted',
  'account.failed',
  'app.created',
  'app.changed',
  'app.deleted',
  'app.failed',
  'database.created',
  'database.changed',
  'database.deleted',
  'domain.changed',
  'limit.hit',
  'usage.threshold',
  'webhook.test',
] as const;
export type EventType = (typeof EVENTS)[number];

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Where messages go: TLS, or this machine itself. No user and password, which would end up in logs. */
export const webhookUrl = z
  .url({ protocol: /^https?$/, error: 'use an https address' })
  .max(1000)
  .refine(text => {
    if (!URL.canParse(text)) return false;
    const { protocol, hostname, username, password, hash } = new URL(text);
    return (protocol === 'https:' || LOOPBACK.has(hostname)) && !username && !password && !hash;
  }, 'use an https address without a user, a password or a #; http is for this machine only');

/** What a new webhook may say. Without events it is told everything. */
export const newWebhook = z.strictObject({ url: webhookUrl, events: z.array(z.enum(EVENTS)).max(EVENTS.length).default([]) });
export type NewWebhook = z.infer<typeof newWebhook>;

/** A webhook as it is answered: never its secret. */
export const webhookAnswer = z.object({
  id: z.int(),
  url: z.string(),
  events: z.array(z.string()),
  createdAt: z.date(),
});

/** A new webhook's answer: with the secret that signs its messages, only this once. */
export const addedWebhook = webhookAnswer.extend({ secret: z.string() });

/** One message and how it went. */
export const deliveryAnswer = z.object({
  id: z.int(),
  message: z.string(),
  event: z.string(),
  state: z.enum(['queued', 'sent', 'failed']),
  attempts: z.int(),
  status: z.int().nullable(),
  error: z.string(),
  nextAt: z.date().nullable(),
  createdAt: z.date(),
  endedAt: z.date().nullable(),
  payload: z.unknown(),
});
