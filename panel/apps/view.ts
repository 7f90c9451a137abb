import { recipe } from '../../provisioning/catalog/recipe.ts';
import type { SlotStatus } from '../../provisioning/slot/spec.ts';
import type { Account } from '../accounts/queries.ts';
import { urlOf } from '../domains/actions.ts';
import { ownAccount, standing } from '../middleware/page.ts';
import type { Ctx } from '../middleware/route.ts';
import { appSaid, bytes, type Said } from '../middleware/words.ts';
import type { Actor } from '../people/actor.ts';
import { appOf } from './actions.ts';
import type { App } from './state.ts';

/** An app as pages show it. */
export interface AppView {
  name: string;
  url: string;
  host: string;
  said: Said;
  icon: string;
  recipeName: string;
  mode: App['mode'];
  workers: number;
  threads: number;
  maxRequests: number;
  isolation: App['isolation'];
  /** The most that the plan allows. */
  most: { workers: number; threads: number };
  /** Why it is not the newest version that runs; empty when it is. */
  held: string;
  /** The processes beside the one that serves. */
  others: { process: string; said: Said; nextRun: number | null }[];
  release: number;
  database: string | null;
  createdAt: Date;
  changedAt: Date;
  loginUrl: string | null;
  idleSeconds: number;
  canOpen: boolean;
  canStop: boolean;
  canStart: boolean;
  addresses: { host: string; url: string; first: boolean }[];
}

/** An app's state in words: a dot, a word and the fact that matters. */
export function saidOf(app: App): Said {
  const slot = app.slots[0];
  if (app.state === 'failed' && app.builtAt === null) return { tone: 'bad', word: 'Could not be built', fact: app.reason };
  return appSaid({
    state: app.deleting ? 'deleting' : slot?.state === 'starting' ? 'starting' : app.state,
    memoryBytes: app.slots.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    memoryMb: app.memoryMb,
    since: slot?.since,
    lastWakeMs: slot?.lastWakeMs,
    reason: app.reason,
  });
}

/** A process beside the one that serves, in words. */
function otherView(slot: SlotStatus): AppView['others'][number] {
  const { process, role, state, reason, memoryBytes } = slot;
  const fact = reason ?? (state === 'running' ? bytes(memoryBytes) : '');
  if (role === 'scheduled' && reason && state === 'asleep')
    return { process, said: { tone: 'bad', word: 'Last run failed', fact: reason }, nextRun: slot.nextRun ?? null };
  const tone = state === 'backing-off' ? 'bad' : state === 'running' ? 'good' : 'calm';
  const words = { running: 'Running', starting: 'Starting', 'backing-off': 'Failed', asleep: 'Waiting for its time' };
  return { process, said: { tone, word: words[state], fact }, nextRun: slot.nextRun ?? null };
}

/** Puts an app into the shape of its pages. */
export function appView(app: App, account: Account): AppView {
  const from = recipe(app.recipe);
  const still = !app.deleting && app.builtAt !== null;
  const { name, url, mode, workers, threads, maxRequests, isolation, release, database, createdAt, loginUrl } = app;
  return {
    ...{ name, url, mode, workers, threads, maxRequests, isolation, release, database, createdAt, loginUrl },
    most: { workers: account.limits?.workers ?? 1, threads: account.limits?.threads ?? 1 },
    held: app.state === 'running' && app.reason ? `${app.reason[0]!.toUpperCase()}${app.reason.slice(1)}.` : '',
    others: app.slots.filter(slot => (slot.role ?? 'web') !== 'web').map(otherView),
    host: new URL(url).host,
    said: saidOf(app),
    icon: from?.icon ?? 'box',
    recipeName: from?.name ?? app.recipe,
    changedAt: app.builtAt ?? createdAt,
    idleSeconds: account.limits?.idleSeconds ?? 300,
    canOpen: still,
    canStop: still && app.state !== 'stopped' && app.state !== 'suspended',
    canStart: still && app.state === 'stopped',
    addresses: app.hosts.map((host, i) => ({ host, url: urlOf(host), first: i === 0 })),
  };
}

/** What every page of one app begins with. */
export async function appPage(
  ctx: Ctx,
  actor: Actor,
  tab: string,
): Promise<{ account: Account; app: App; locals: Record<string, unknown> }> {
  const account = await ownAccount(actor);
  const app = await appOf(actor, account.username, String(ctx.params.name));
  return { account, app, locals: { title: app.name, here: 'apps', tab, app: appView(app, account), ...standing(account) } };
}
