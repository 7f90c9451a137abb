import type { Limits } from '../../provisioning/account/spec.ts';
import { Refused } from '../../provisioning/errors.ts';
import { attempt, type Fault, filled, form, render } from '../middleware/page.ts';
import { type Ctx, page, type Route } from '../middleware/route.ts';
import { parse } from '../middleware/validate.ts';
import type { Actor } from '../people/actor.ts';
import { addPlan, deletePlan, editPlan, listPlans, planOf } from './actions.ts';
import { limitsInput, newPlan, planChange } from './schema.ts';

const LABELS: Record<keyof Limits, [label: string, unit: string, hint: string]> = {
  memoryMb: ['Memory', 'MB', 'All apps of an account together.'],
  cpuPercent: ['Processor', '%', '100 % is one core.'],
  processes: ['Processes', '', ''],
  ioMbps: ['Disk speed', 'MB a second', 'Reading and writing, each; 0 is no limit.'],
  diskMb: ['Disk', 'MB', ''],
  inodes: ['Files', '', 'Files and folders in the home.'],
  databases: ['Databases', '', ''],
  apps: ['Apps', '', ''],
  slots: ['Slots', '', 'Each app that runs needs one, and one more for each further process of it.'],
  workers: ['Processes of an app', '', 'That serve visitors at the same time, at most.'],
  threads: ['Threads of a process', '', 'Requests that one process serves at the same time, at most.'],
  bandwidthMb: ['Traffic a month', 'MB', ''],
  idleSeconds: ['Falls asleep after', 'seconds', 'Without a visit.'],
};

function fieldsOf(limits: Limits): object[] {
  return (Object.keys(LABELS) as (keyof Limits)[]).map(name => {
    const [label, unit, hint] = LABELS[name];
    return { name, label, unit, hint, value: limits[name], min: 0 };
  });
}

/** The figures of a form as numbers; what is no number stays text, so that the schema names the field. */
function figures(fields: Record<string, string>): Record<string, unknown> {
  const { name: _name, ...rest } = fields;
  return Object.fromEntries(
    Object.entries(filled(rest)).map(([key, value]) => [key, /^-?\d+$/.test(value.trim()) ? Number(value) : value]),
  );
}

/** Fields are called by their own names here, not `limits.…`. */
function flat(fault: Fault): Fault {
  return {
    ...fault,
    errors: Object.fromEntries(Object.entries(fault.errors).map(([field, words]) => [field.replace(/^limits\./, ''), words])),
  };
}

function showNew(ctx: Ctx, fault?: Fault): void {
  render(ctx, 'plans/plan', { title: 'Make a plan', here: 'plans', plan: null, fields: fieldsOf(limitsInput.parse({})), ...fault });
}

async function showPlan(ctx: Ctx, actor: Actor, fault?: Fault): Promise<void> {
  const plan = await planOf(actor, String(ctx.params.name));
  render(ctx, 'plans/plan', { title: plan.name, here: 'plans', plan, fields: fieldsOf(plan.limits), ...fault });
}

/** Plans, for the hoster. */
export const routes: Route[] = [
  page({
    method: 'GET',
    path: '/admin/plans',
    policy: 'admin',
    async run(ctx, actor) {
      const { plans } = await listPlans(actor, { limit: 500 });
      render(ctx, 'plans/list', { title: 'Plans', here: 'plans', plans });
    },
  }),
  page({ method: 'GET', path: '/admin/make-plan', policy: 'admin', run: ctx => showNew(ctx) }),
  page({
    method: 'POST',
    path: '/admin/plans',
    policy: 'admin',
    async run(ctx, actor) {
      const fields = form(ctx);
      await attempt(
        ctx,
        async () => {
          await addPlan(actor, parse(newPlan, { name: fields.name, limits: figures(fields) }));
          ctx.redirect('/admin/plans?done=plan-new');
        },
        fault => showNew(ctx, flat(fault)),
      );
    },
  }),
  page({ method: 'GET', path: '/admin/plans/:name', policy: 'admin', run: (ctx, actor) => showPlan(ctx, actor) }),
  page({
    method: 'POST',
    path: '/admin/plans/:name',
    policy: 'admin',
    async run(ctx, actor) {
      await attempt(
        ctx,
        async () => {
          await editPlan(actor, String(ctx.params.name), parse(planChange, { limits: figures(form(ctx)) }).limits);
          ctx.redirect(`/admin/plans/${ctx.params.name}?done=plan`);
        },
        fault => showPlan(ctx, actor, flat(fault)),
      );
    },
  }),
  page({
    method: 'POST',
    path: '/admin/plans/:name/delete',
    policy: 'admin',
    async run(ctx, actor) {
      const name = String(ctx.params.name);
      await attempt(
        ctx,
        async () => {
          mustConfirm(form(ctx).confirm, name);
          await deletePlan(actor, name);
          ctx.redirect('/admin/plans?done=plan-gone');
        },
        fault => showPlan(ctx, actor, { ...fault, values: {} }),
      );
    },
  }),
];

function mustConfirm(typed: string | undefined, name: string): void {
  if (typed === name) return;
  throw new Refused('confirm-missing', 'The name that was typed is another one, so nothing was deleted.', `Type ${name} to delete it.`, {
    fields: [{ field: 'confirm', message: `type ${name} here` }],
  });
}
