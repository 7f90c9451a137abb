import { z } from 'zod';
import { pageOf } from '../middleware/paging.ts';
import { api, type Route } from '../middleware/route.ts';
import { hostOf, hostSeries, hostsOf, type LiveHost } from './actions.ts';

const PATH = '/api/v1/hosts';
const hostAnswer = z.object({
  name: z.string(),
  online: z.boolean(),
  problem: z.string().nullable(),
  seenAt: z.date().nullable(),
  accounts: z.int(),
  facts: z.record(z.string(), z.unknown()).nullable(),
});

function out({ name, online, problem, seenAt, accounts, facts }: LiveHost): z.infer<typeof hostAnswer> {
  return { name, online, problem, seenAt, accounts, facts: facts && { ...facts } };
}

/** Hosts over REST. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: PATH,
    policy: { scope: 'hosts:read' },
    summary: 'Lists hosts with their load and capacity',
    answer: pageOf(hostAnswer),
    run: async ({ actor }) => ({ items: (await hostsOf(actor)).map(out), next: null }),
  }),
  api({
    method: 'GET',
    path: `${PATH}/:name`,
    policy: { scope: 'hosts:read' },
    summary: 'Shows a host',
    answer: hostAnswer,
    run: async ({ actor, params }) => out(await hostOf(actor, params.name!)),
  }),
  api({
    method: 'GET',
    path: `${PATH}/:name/resources`,
    policy: { scope: 'hosts:read' },
    summary: "A host's figures over time",
    query: z.strictObject({ range: z.enum(['1h', '24h', '30d']).default('1h') }),
    answer: z.object({ step: z.number(), points: z.array(z.record(z.string(), z.unknown())) }),
    run: ({ actor, params, query }) => hostSeries(actor, params.name!, query.range),
  }),
];
