import { z } from 'zod';
import { api, type Route } from '../middleware/route.ts';
import { resourcesOf } from './actions.ts';

/** Resources over REST. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: '/api/v1/accounts/:username/apps/:app/resources',
    policy: { scope: 'apps:read' },
    summary: 'Series of cpu, memory, processes, requests, p95 latency and limit hits; `hits` sums how often each limit was met',
    query: z.strictObject({ range: z.enum(['1h', '24h', '30d']).default('1h') }),
    answer: z.object({
      step: z.number(),
      points: z.array(z.record(z.string(), z.unknown())),
      hits: z.record(z.string(), z.int()).optional(),
    }),
    run: ({ actor, params, query }) => resourcesOf(actor, params.username!, params.app!, query.range),
  }),
];
