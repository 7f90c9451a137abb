import type { z } from 'zod';
import { nextLink, pageOf, pageQuery } from '../middleware/paging.ts';
import { api, type Route } from '../middleware/route.ts';
import { addPlan, deletePlan, editPlan, listPlans, planOf } from './actions.ts';
import type { Plan } from './queries.ts';
import { newPlan, planAnswer, planChange } from './schema.ts';

const PATH = '/api/v1/plans';

function answer({ name, limits, accounts, createdAt }: Plan): z.infer<typeof planAnswer> {
  return { name, limits, accounts, createdAt };
}

/** Plans over REST. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: PATH,
    policy: { scope: 'plans:read' },
    summary: 'Lists plans',
    query: pageQuery,
    answer: pageOf(planAnswer),
    async run({ ctx, actor, query }) {
      const { plans, next } = await listPlans(actor, query);
      return { items: plans.map(answer), next: nextLink(ctx, next) };
    },
  }),
  api({
    method: 'POST',
    path: PATH,
    policy: { scope: 'plans:write' },
    summary: 'Adds a plan',
    body: newPlan,
    answer: planAnswer,
    status: 201,
    run: async ({ actor, body }) => answer(await addPlan(actor, body)),
  }),
  api({
    method: 'GET',
    path: `${PATH}/:name`,
    policy: { scope: 'plans:read' },
    summary: 'Shows a plan',
    answer: planAnswer,
    run: async ({ actor, params }) => answer(await planOf(actor, params.name!)),
  }),
  api({
    method: 'PATCH',
    path: `${PATH}/:name`,
    policy: { scope: 'plans:write' },
    summary: 'Changes limits of a plan, for all its accounts',
    body: planChange,
    answer: planAnswer,
    run: async ({ actor, params, body }) => answer(await editPlan(actor, params.name!, body.limits)),
  }),
  api({
    method: 'DELETE',
    path: `${PATH}/:name`,
    policy: { scope: 'plans:write' },
    summary: 'Deletes a plan that no account has',
    run: ({ actor, params }) => deletePlan(actor, params.name!),
  }),
];
