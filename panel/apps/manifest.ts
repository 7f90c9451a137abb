import type { Limits } from '../../provisioning/account/spec.ts';
import { type Recipe, recipe } from '../../provisioning/catalog/recipe.ts';
import type { ConfigSpec } from '../../provisioning/config/spec.ts';
import type { RuntimeSpec } from '../../provisioning/runtime/spec.ts';
import type { SiteSpec } from '../../provisioning/site/spec.ts';
import { type SlotSpec, slotSpec } from '../../provisioning/slot/spec.ts';
import { urlOf } from '../domains/names.ts';
import type { AppRow } from './queries.ts';

/** The four specs an app is made of. */
export interface AppSpecs {
  config: ConfigSpec;
  runtime: RuntimeSpec;
  /** The web slot, and one for each further process. */
  slots: SlotSpec[];
  site: SiteSpec;
}

/** What an app should be on its host, within its account's limits. */
export function appSpecsOf(app: AppRow, limits: Limits): AppSpecs {
  const from = recipe(app.recipe);
  if (!from) throw new Error(`the app ${app.name} was made from ${app.recipe}, which this panel does not know`);
  const { name: app_, hosts } = app;
  return {
    config: { app: app_, url: urlOf(hosts[0]!), hosts, secretKey: app.secretKey, database: app.database, env: app.env },
    runtime: runtimeOf(app, from),
    slots: slotsOf(app, from, limits),
    site: { app: app_, hosts, health: { path: from.health.path, status: from.health.status, contains: from.health.contains } },
  };
}

function runtimeOf(app: AppRow, from: Recipe): RuntimeSpec {
  // The password travels only until the app has been built once.
  const password = app.builtAt === null && app.ownerPassword ? { password: app.ownerPassword } : {};
  const owner = from.owner && app.ownerUser && app.ownerEmail ? { user: app.ownerUser, email: app.ownerEmail, ...password } : null;
  return { app: app.name, release: app.release, source: { type: 'recipe', recipe: app.recipe, answers: app.answers }, owner };
}

function slotsOf(app: AppRow, from: Recipe, limits: Limits): SlotSpec[] {
  const common = {
    app: app.name,
    state: app.stopped ? 'stopped' : 'up',
    isolation: app.isolation,
    generation: app.slotGeneration,
    idleSeconds: limits.idleSeconds,
    startSeconds: 60,
    memoryMb: limits.memoryMb,
    cpuPercent: limits.cpuPercent,
    processes: limits.processes,
    ioMbps: limits.ioMbps,
  };
  const web = {
    ...common,
    ...{ mode: app.mode, kind: from.run.kind, entry: from.run.entry, stack: 'auto' },
    // A plan may have become smaller since this was chosen.
    ...{ workers: Math.min(app.workers, limits.workers), threads: Math.min(app.threads, limits.threads), maxRequests: app.maxRequests },
  };
  const others = from.process.map(({ name: process, role, argv, schedule = null }) => ({
    ...common,
    ...{ process, role, argv, schedule, mode: 'always-on', kind: 'command', stack: null },
  }));
  return [web, ...others].map(slot => slotSpec.parse(slot));
}
