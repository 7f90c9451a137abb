import { z } from 'zod';
import { limitsSpec } from '../../provisioning/account/spec.ts';
import { listAccounts } from '../accounts/actions.ts';
import { nextLink, pageOf, pageQuery } from '../middleware/paging.ts';
import { api, type Route } from '../middleware/route.ts';
import { usageOf } from './actions.ts';

const usageAnswer = z.object({
  username: z.string(),
  diskBytes: z.number(),
  inodes: z.number(),
  cpuSeconds: z.number(),
  memoryPeakBytes: z.number(),
  requests: z.number(),
  bandwidthBytes: z.number(),
  apps: z.int(),
  databases: z.int(),
  since: z.union([z.number(), z.string()]),
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
    summary: 'What accounts have used, a page of accounts at a time; those whose host is away are named under away',
    query: pageQuery,
    answer: pageOf(usageAnswer).extend({ away: z.array(z.string()) }),
    async run({ ctx, actor, query }) {
      const { accounts, next } = await listAccounts(actor, { ...query, limit: Math.min(query.limit, 50) });
      const answers = await Promise.allSettled(accounts.map(({ username }) => usageOf(actor, username)));
      const items = answers.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value] : []));
      const away = accounts.map(account => account.username).filter((_, index) => answers[index]!.status === 'rejected');
      return { items, away, next: nextLink(ctx, next) };
    },
  }),
];
