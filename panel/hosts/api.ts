import { z } from 'zod';
import { pageOf } from '../middleware/paging.ts';
import { api, type Route } from '../middleware/route.ts';
import { hostOf, hostSeries, hostsOf, type LiveHost } from './actions.ts';
import { behindOn } from './queries.ts';

const PATH = '/api/v1/hosts';
const hostAnswer = z.object({
  name: z.string(),
  online: z.boolean(),
  problem: z.string().nullable(),
  seenAt: z.date().nullable(),
  accounts: z.int(),
  load: z.array(z.number()).nullable(),
  capacity: z.object({ cores: z.int(), memoryBytes: z.number(), diskBytes: z.number() }).nullable(),
  versions: z.record(z.string(), z.string()),
  /** Accounts whose newest change does not stand on the host yet. */
  drift: z.array(z.string()),
  facts: z.record(z.string(), z.unknown()).nullable(),
});

async function out({ id, name, online, problem, seenAt, accounts, facts }: LiveHost): Promise<z.infer<typeof hostAnswer>> {
  const capacity = facts && { cores: facts.cores, memoryBytes: facts.memoryBytes, diskBytes: facts.diskBytes };
  const known = {
    load: facts?.load ?? null,
    capacity,
    versions: facts?.versions ?? {},
    drift: await behindOn(id),
    facts: facts && { ...facts },
  };
  return { name, online, problem, seenAt, accounts, ...known };
}

/** Hosts over REST. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: PATH,
    policy: { scope: 'hosts:read' },
    summary: 'Lists hosts with their load and capacity',
    answer: pageOf(hostAnswer),
    run: async ({ actor }) => ({ items: await Promise.all((await hostsOf(actor)).map(out)), next: null }),
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
