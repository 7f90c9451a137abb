import { z } from 'zod';
import { appName, domainName } from '../../provisioning/names.ts';
import { jobMention, lowerDomain } from '../accounts/schema.ts';
import { mention } from '../jobs/answers.ts';
import { pageOf } from '../middleware/paging.ts';
import { api, type Route } from '../middleware/route.ts';
import { addDomain, deleteDomain, domainsOf } from './actions.ts';

const PATH = '/api/v1/accounts/:username/domains';
const domainAnswer = z.object({ name: z.string(), given: z.boolean(), app: z.string().nullable(), createdAt: z.date() });
const jobOnly = z.object({ job: jobMention });

/** Domains over REST. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: PATH,
    policy: { scope: 'apps:read' },
    summary: 'Lists the domains of an account',
    answer: pageOf(domainAnswer),
    run: async ({ actor, params }) => ({ items: await domainsOf(actor, params.username!), next: null }),
  }),
  api({
    method: 'POST',
    path: PATH,
    policy: { scope: 'apps:write' },
    summary: 'Serves an app at a domain',
    body: z.strictObject({ domain: z.preprocess(lowerDomain, domainName), app: appName }),
    answer: z.object({ name: z.string(), app: z.string(), job: jobMention }),
    status: 201,
    async run({ actor, params, body }) {
      const job = await addDomain(actor, params.username!, body);
      return { name: body.domain, app: body.app, job: mention(job) };
    },
  }),
  api({
    method: 'DELETE',
    path: `${PATH}/:domain`,
    policy: { scope: 'apps:write' },
    summary: 'Stops serving a domain and frees it',
    answer: jobOnly,
    status: 202,
    run: async ({ actor, params }) => ({ job: mention(await deleteDomain(actor, params.username!, params.domain!)) }),
  }),
];
