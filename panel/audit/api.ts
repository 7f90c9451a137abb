import { z } from 'zod';
import { idPageQuery, nextLink, pageOf } from '../middleware/paging.ts';
import { api, type Route } from '../middleware/route.ts';
import { auditOf } from './actions.ts';

const entryAnswer = z.object({
  id: z.int(),
  at: z.date(),
  actor: z.string(),
  action: z.string(),
  account: z.string(),
  subject: z.string(),
  peer: z.string(),
  detail: z.record(z.string(), z.unknown()),
  beforeHash: z.string(),
  hash: z.string(),
});

/** The audit over REST. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: '/api/v1/audit',
    policy: { scope: 'audit:read' },
    summary: 'Lists who did what to what, newest first; each entry carries the hash of the one before',
    query: idPageQuery.extend({ account: z.string().max(16).optional() }),
    answer: pageOf(entryAnswer),
    async run({ ctx, actor, query }) {
      const { entries, next } = await auditOf(actor, { before: query.after, account: query.account, limit: query.limit });
      return {
        items: entries.map(entry => ({ ...entry, detail: JSON.parse(entry.detail) as Record<string, unknown> })),
        next: nextLink(ctx, next),
      };
    },
  }),
];
