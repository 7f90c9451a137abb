import { z } from 'zod';
import { mention } from '../jobs/answers.ts';
import { nextLink, pageOf } from '../middleware/paging.ts';
import { api, type Route } from '../middleware/route.ts';
import { makeLoginLink } from '../people/actions.ts';
import {
  accountOf,
  changeAccount,
  deleteAccount,
  listAccounts,
  liveAccount,
  openAccount,
  suspendAccount,
  unsuspendAccount,
} from './actions.ts';
import { accountOut, accountsOut } from './answers.ts';
import { previewDeletion } from './preview.ts';
import * as schema from './schema.ts';

const PATH = '/api/v1/accounts';
const ONE = `${PATH}/:username`;
const jobOnly = z.object({ job: schema.jobMention });

/** Accounts over REST. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: PATH,
    policy: { scope: 'accounts:read' },
    summary: 'Lists accounts; terminated ones only with state=terminated',
    query: schema.accountsQuery,
    answer: pageOf(schema.accountAnswer),
    async run({ ctx, actor, query }) {
      const { accounts, next } = await listAccounts(actor, query);
      return { items: await accountsOut(actor, accounts), next: nextLink(ctx, next) };
    },
  }),
  api({
    method: 'POST',
    path: PATH,
    policy: { scope: 'accounts:write' },
    summary: 'Opens an account',
    body: schema.newAccount,
    answer: schema.openedAccount,
    status: 201,
    async run({ actor, body }) {
      const { account, job, password } = await openAccount(actor, body);
      return { ...accountOut(account, job), ...(password ? { password } : {}) };
    },
  }),
  api({
    method: 'GET',
    path: ONE,
    policy: { scope: 'accounts:read' },
    summary: 'Shows an account',
    answer: schema.accountAnswer,
    run: async ({ actor, params }) => (await accountsOut(actor, [await accountOf(actor, params.username!)]))[0],
  }),
  api({
    method: 'PATCH',
    path: ONE,
    policy: { scope: 'accounts:write' },
    summary: 'Changes the plan, email or password of an account',
    body: schema.accountChange,
    answer: schema.accountAnswer,
    async run({ actor, params, body }) {
      const { account, job } = await changeAccount(actor, params.username!, body);
      return accountOut(account, job);
    },
  }),
  api({
    method: 'DELETE',
    path: ONE,
    policy: { scope: 'accounts:write' },
    summary: 'Deletes an account with all it has; with dryRun only says what would go',
    body: schema.deletion,
    query: z.strictObject({ dryRun: z.enum(['0', '1', 'true', 'false']).optional() }),
    answer: z.union([jobOnly, z.object({ dryRun: z.literal(true), steps: z.array(z.object({ why: z.string() })) })]),
    status: 202,
    async run({ ctx, actor, params, body, query }) {
      if (body.dryRun || query.dryRun === '1' || query.dryRun === 'true') {
        ctx.status = 200;
        return { dryRun: true, steps: (await previewDeletion(actor, params.username!)).map(why => ({ why })) };
      }
      return { job: mention(await deleteAccount(actor, params.username!, body.confirm)) };
    },
  }),
  api({
    method: 'POST',
    path: `${ONE}/suspend`,
    policy: { scope: 'accounts:write' },
    summary: 'Suspends an account',
    body: schema.suspension,
    answer: jobOnly,
    status: 202,
    run: async ({ actor, params, body }) => ({ job: mention(await suspendAccount(actor, params.username!, body.reason)) }),
  }),
  api({
    method: 'POST',
    path: `${ONE}/unsuspend`,
    policy: { scope: 'accounts:write' },
    summary: 'Lifts a suspension',
    answer: jobOnly,
    status: 202,
    run: async ({ actor, params }) => ({ job: mention(await unsuspendAccount(actor, params.username!)) }),
  }),
  api({
    method: 'POST',
    path: `${ONE}/login-links`,
    policy: { scope: 'logins:write' },
    summary: 'Makes a link that signs the customer in, once, within 60 seconds',
    answer: z.object({ url: z.url(), expiresAt: z.date() }),
    status: 201,
    run: async ({ actor, params }) => makeLoginLink(actor, await liveAccount(actor, params.username!)),
  }),
];
