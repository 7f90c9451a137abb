import type { Limits } from '../../provisioning/account/spec.ts';
import { Refused } from '../../provisioning/errors.ts';
import { note } from '../audit/actions.ts';
import { codeOf, duplicateKey, together } from '../db/pool.ts';
import { order } from '../jobs/actions.ts';
import { notFound } from '../middleware/errors.ts';
import type { Actor } from '../people/actor.ts';
import * as queries from './queries.ts';
import type { NewPlan } from './schema.ts';

/** A page of plans, and the name to ask on with. */
export async function listPlans(actor: Actor, page: { after?: string; limit?: number } = {}) {
  const limit = page.limit ?? 100;
  const plans = await queries.plansOf(actor, { after: page.after, limit: limit + 1 });
  const shown = plans.slice(0, limit);
  return { plans: shown, next: plans.length > limit ? shown.at(-1)!.name : null };
}

/** The plan of a name. Throws Refused 404. */
export async function planOf(actor: Actor, name: string): Promise<queries.Plan> {
  const plan = await queries.planOf(actor, name);
  if (!plan) throw notFound('plan');
  return plan;
}

/** Adds a plan. */
export async function addPlan(actor: Actor, input: NewPlan): Promise<queries.Plan> {
  try {
    await together(async () => {
      await queries.insertPlan(input.name, input.limits);
      await note(actor, { action: 'plan-add', subject: input.name, detail: input.limits });
    });
  } catch (error) {
    if (duplicateKey(error) === null) throw error;
    throw new Refused('plan-taken', `There is already a plan named ${input.name}.`, 'Choose another name, or change that plan.', {
      status: 409,
      fields: [{ field: 'name', message: 'this name is taken, choose another' }],
    });
  }
  return planOf(actor, input.name);
}

/** Changes limits of a plan; every account that has it gets a job. */
export async function editPlan(actor: Actor, name: string, limits: Partial<Limits>): Promise<queries.Plan> {
  const plan = await planOf(actor, name);
  await together(async () => {
    await queries.setLimits(plan.id, { ...plan.limits, ...limits });
    for (const account of await queries.accountIdsOf(plan.id)) {
      await order(actor, account, { kind: 'account-change', title: `Set the limits of the plan ${name}` });
    }
    await note(actor, { action: 'plan-change', subject: name, detail: limits });
  });
  return planOf(actor, name);
}

/** Deletes a plan that no account has. */
export async function deletePlan(actor: Actor, name: string): Promise<void> {
  const plan = await planOf(actor, name);
  try {
    await together(async () => {
      await queries.dropPlan(plan.id);
      await note(actor, { action: 'plan-delete', subject: name });
    });
  } catch (error) {
    if (codeOf(error) !== 'ER_ROW_IS_REFERENCED_2') throw error;
    throw new Refused('plan-in-use', `The plan ${name} still has accounts.`, 'Give them another plan first.', {
      status: 409,
      fields: [{ field: 'name', message: 'move its accounts to another plan first' }],
    });
  }
}
