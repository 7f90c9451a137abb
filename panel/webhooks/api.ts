import { z } from 'zod';
import { idPageQuery, nextLink, pageOf } from '../middleware/paging.ts';
import { api, type Route } from '../middleware/route.ts';
import * as actions from './actions.ts';
import type { Delivery } from './queries.ts';
import { addedWebhook, deliveryAnswer, newWebhook, webhookAnswer } from './schema.ts';

const PATH = '/api/v1/webhooks';
const ONE = `${PATH}/:id`;
const out = (delivery: Delivery) => ({ ...delivery, payload: JSON.parse(delivery.payload) as unknown });

/** Webhooks over REST. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: PATH,
    policy: { scope: 'webhooks:read' },
    summary: 'Lists webhooks, never their secrets',
    query: idPageQuery,
    answer: pageOf(webhookAnswer),
    async run({ ctx, actor, query }) {
      const { webhooks, next } = await actions.listWebhooks(actor, query);
      return { items: webhooks, next: nextLink(ctx, next) };
    },
  }),
  api({
    method: 'POST',
    path: PATH,
    policy: { scope: 'webhooks:write' },
    summary: 'Adds a webhook (Standard Webhooks); the secret that signs its messages is shown in this answer and never again',
    body: newWebhook,
    answer: addedWebhook,
    status: 201,
    run: ({ actor, body }) => actions.addWebhook(actor, body),
  }),
  api({
    method: 'DELETE',
    path: ONE,
    policy: { scope: 'webhooks:write' },
    summary: 'Deletes a webhook with its log',
    run: ({ actor, params }) => actions.deleteWebhook(actor, Number(params.id)),
  }),
  api({
    method: 'POST',
    path: `${ONE}/test`,
    policy: { scope: 'webhooks:write' },
    summary: 'Sends the webhook a message that means nothing',
    status: 202,
    answer: z.object({}),
    async run({ actor, params }) {
      await actions.sendTest(actor, Number(params.id));
      return {};
    },
  }),
  api({
    method: 'GET',
    path: `${ONE}/deliveries`,
    policy: { scope: 'webhooks:read' },
    summary: 'Lists the messages of a webhook and how they went, newest first',
    query: idPageQuery,
    answer: pageOf(deliveryAnswer),
    async run({ ctx, actor, params, query }) {
      const { deliveries, next } = await actions.listDeliveries(actor, Number(params.id), query);
      return { items: deliveries.map(out), next: nextLink(ctx, next) };
    },
  }),
  api({
    method: 'POST',
    path: `${ONE}/deliveries/:delivery/replay`,
    policy: { scope: 'webhooks:write' },
    summary: 'Sends a message again, with the id it had',
    status: 202,
    answer: z.object({}),
    async run({ actor, params }) {
      await actions.replay(actor, Number(params.id), Number(params.delivery));
      return {};
    },
  }),
];
