import { z } from 'zod';
import { limitsSpec } from '../../provisioning/account/spec.ts';
import { nextLink, pageOf } from '../middleware/paging.ts';
import { api, type Route } from '../middleware/route.ts';
import { usageOf } from './actions.ts';
import { usageRows } from './queries.ts';

const usageAnswer = z.object({
  username: z.string(),
  diskBytes: z.number(),
  inodes: z.number(),
  cpuSeconds: z.number(),
  memoryPeakBytes: z.number(),
  requests: z.number(),
  bandwidthBytes: z.number(),
  /** Since the month began (UTC). */
  monthBandwidthBytes: z.number().optional(),
  slotSeconds: z.number().optional(),
  apps: z.int(),
  databases: z.int(),
  since: z.union([z.number(), z.string(), z.date()]),
  seenAt: z.date().nullable().optional(),
  limits: limitsSpec.nullable(),
});

/** Usage over REST. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: '/api/v1/accounts/:username/usage',
    policy: { scope: 'accounts:read' },
    summary: 'What an account has used; counters only grow',
    answer: usageAnswer,
    run: ({ actor, params }) => usageOf(actor, params.username!),
  }),
  api({
    method: 'GET',
    path: '/api/v1/usage',
    policy: { scope: 'accounts:read' },
    summary: 'What all accounts have used, as their hosts last told; counters only grow, and no host is asked',
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(20_000).default(1000), after: z.string().max(190).optional() }),
    answer: pageOf(usageAnswer),
    async run({ ctx, actor, query }) {
      const rows = await usageRows(actor, { after: query.after, limit: query.limit + 1 });
      const items = rows.slice(0, query.limit);
      return { items, next: nextLink(ctx, rows.length > query.limit ? items.at(-1)!.username : null) };
    },
  }),
];
