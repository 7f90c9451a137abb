import { z } from 'zod';
import { domainName } from '../../provisioning/names.ts';
import { lowerDomain } from '../accounts/schema.ts';
import { addDomain, deleteDomain } from '../domains/actions.ts';
import { attempt, type Fault, form, render } from '../middleware/page.ts';
import type { Ctx } from '../middleware/route.ts';
import { parse } from '../middleware/validate.ts';
import type { Actor } from '../people/actor.ts';
import { changeApp, deleteApp, envOf, setEnv } from './actions.ts';
import { appIsolation, appMode, envInput } from './schema.ts';
import { appPage } from './view.ts';

const BUILT_IN = ['DATABASE_URL', 'SECRET_KEY', 'ALLOWED_HOSTS', 'BERTH_URL', 'BERTH_CONFIG', 'STATIC_ROOT', 'MEDIA_ROOT'];

/** A line of the environment's form. */
interface EnvRow {
  key: string;
  value: string;
  hidden: boolean;
  error?: string;
}

async function envRows(ctx: Ctx, actor: Actor): Promise<EnvRow[]> {
  const env = await envOf(actor, actor.account ?? '', String(ctx.params.name), ctx.query.reveal === '1');
  const rows = Object.entries(env).map(([key, value]) => ({ key, value: value ?? '', hidden: value === null }));
  return [...rows, { key: '', value: '', hidden: false }];
}

/** The settings of an app; `rows` is the environment as it had been typed, when it is shown again. */
export async function showSettings(ctx: Ctx, actor: Actor, fault?: Fault, rows?: EnvRow[]): Promise<void> {
  const { locals } = await appPage(ctx, actor, 'settings');
  const env = rows ?? (await envRows(ctx, actor));
  const revealed = ctx.query.reveal === '1';
  render(ctx, 'apps/settings', { ...locals, env, revealed, covered: env.some(row => row.hidden), builtIn: BUILT_IN, ...fault });
}

function typedRows(fields: Record<string, string>): EnvRow[] {
  const count = Math.min(300, Number(fields.rows) || 0);
  return Array.from({ length: count }, (_, i) => ({
    key: (fields[`key:${i}`] ?? '').trim(),
    value: fields[`value:${i}`] ?? '',
    hidden: false,
  }));
}

/** Saves the environment, or gives the form another row. */
export async function saveEnv(ctx: Ctx, actor: Actor): Promise<void> {
  const name = String(ctx.params.name);
  const fields = form(ctx);
  const rows = typedRows(fields);
  if (fields.more) return showSettings(ctx, actor, undefined, [...rows, { key: '', value: '', hidden: false }]);
  const kept = fields.revealed ? {} : await envOf(actor, actor.account ?? '', name);
  const isKept = (row: EnvRow) => row.value === '' && kept[row.key] === null;
  await attempt(
    ctx,
    async () => {
      const env = Object.fromEntries(rows.filter(row => row.key).map(row => [row.key, isKept(row) ? null : row.value]));
      await setEnv(actor, actor.account ?? '', name, parse(envInput, env));
      ctx.redirect(`/apps/${name}`);
    },
    fault =>
      showSettings(
        ctx,
        actor,
        { ...fault, values: {} },
        rows.map(row => ({ ...row, hidden: isKept(row), error: fault.errors[row.key] })),
      ),
  );
}

const keptForm = z.strictObject({
  mode: appMode,
  workers: z.coerce.number().int().min(1, 'use at least 1').max(64, 'use 64 at most'),
  threads: z.coerce.number().int().min(1, 'use at least 1').max(64, 'use 64 at most'),
  maxRequests: z.coerce.number().int().min(0, 'use 0 or more').max(1_000_000_000, 'use a smaller number'),
  isolation: appIsolation,
});

/** Changes how an app's processes are kept. */
export async function saveKept(ctx: Ctx, actor: Actor): Promise<void> {
  const name = String(ctx.params.name);
  await attempt(
    ctx,
    async () => {
      await changeApp(actor, actor.account ?? '', name, parse(keptForm.partial(), form(ctx)));
      ctx.redirect(`/apps/${name}`);
    },
    fault => showSettings(ctx, actor, fault),
  );
}

const domainForm = z.strictObject({ domain: z.preprocess(lowerDomain, domainName) });

/** Adds a domain of the customer's own to an app, or takes one off. */
export async function changeDomains(ctx: Ctx, actor: Actor, how: 'add' | 'delete'): Promise<void> {
  const name = String(ctx.params.name);
  await attempt(
    ctx,
    async () => {
      const { domain } = parse(domainForm, form(ctx));
      if (how === 'add') await addDomain(actor, actor.account ?? '', { domain, app: name });
      else await deleteDomain(actor, actor.account ?? '', domain);
      ctx.redirect(`/apps/${name}`);
    },
    fault => showSettings(ctx, actor, fault),
  );
}

/** Says what goes with an app, and asks for its name. */
export async function showRemove(ctx: Ctx, actor: Actor, fault?: Fault): Promise<void> {
  const { locals } = await appPage(ctx, actor, 'settings');
  render(ctx, 'apps/remove', { ...locals, ...fault, values: {} });
}

/** Deletes an app, when its name was typed. */
export async function removeApp(ctx: Ctx, actor: Actor): Promise<void> {
  const { confirm, database } = form(ctx);
  await attempt(
    ctx,
    async () => {
      const job = await deleteApp(actor, actor.account ?? '', String(ctx.params.name), { confirm, database: database === '1' });
      ctx.redirect(`/activity/${job.id}`);
    },
    fault => showRemove(ctx, actor, fault),
  );
}
