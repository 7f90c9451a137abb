import { setTimeout as pause } from 'node:timers/promises';
import type { Host } from '../../provisioning/host.ts';
import type { Manifest } from '../../provisioning/manifest.ts';
import { type Bounds, makeRoom, type Proposal, propose } from '../../provisioning/stacks/automatic.ts';
import { choosing, inspectChoice, inspectEnvironments, inspectStanding } from '../../provisioning/stacks/facts.ts';
import type { Journal } from '../journal.ts';
import type { StackKeeper } from './keeper.ts';
import { listStacks } from './list.ts';
import { locked, type StackTools } from './locks.ts';

/** After a build the app's own first start goes first. */
const BREATH_MS = 3000;
/** What failed is not tried again for so long. */
const AGAIN_MS = 3600 * 1000;
/** Looking into an account's environments takes a helper process; so many accounts are looked into for a proposal. */
const LOOKED_INTO = 500;

const names = (host: Host, manifest: Manifest, slots: Manifest['slots']) =>
  slots.map(({ app, python }) => ({ name: host.layout.slotName(manifest.account.name, app), app, python }));

/** Makes stacks by itself for apps whose exact versions no stack has; bounded, one after another, in the background. */
export function automatic(
  host: Host,
  keeper: StackKeeper,
  tools: StackTools,
  bounds: Bounds,
  refresh: (account: string) => Promise<void>,
  log: (line: string) => void,
) {
  const failed = new Map<string, number>();
  let last: Promise<void> = Promise.resolve();
  let stopped = false;

  async function make(account: string, { id, python, packages, apps }: Proposal): Promise<void> {
    if (Date.now() - (failed.get(id) ?? 0) < AGAIN_MS || (await keeper.wanted()).some(spec => spec.id === id)) return;
    const zygotes = await tools.zygotes().catch(() => []);
    const going = makeRoom(await listStacks(host, await keeper.wanted(), zygotes), bounds, Date.now(), account);
    if (!going) {
      failed.set(id, Date.now());
      return log(`no room for the stack ${id}, which ${apps.join(', ')} would start from: the others are in use, or it has its share`);
    }
    for (const old of going) await keeper.unmake({ id: old, python }).done;
    const exact = Object.entries(packages).map(([name, version]) => `${name}==${version}`);
    try {
      const lock = await locked(host, tools, exact, python, false);
      const work = keeper.make({ id, python, lock, origin: 'automatic' });
      if (await work.done) log(`made the stack ${id} for ${apps.join(', ')}`);
      else throw new Error(work.events.flatMap(event => (event.type === 'end' ? [event.error ?? ''] : [])).join(' '));
    } catch (error) {
      failed.set(id, Date.now());
      log(`the stack ${id} could not be made: ${error instanceof Error ? error.message : error}`);
    }
  }

  async function look(manifest: Manifest): Promise<void> {
    await pause(BREATH_MS, undefined, { ref: false });
    if (stopped) return;
    // A stack may have come while this account was being worked on.
    await refresh(manifest.account.name);
    if (bounds.count === 0) return;
    const choice = await inspectChoice(host, manifest);
    for (const proposal of propose(names(host, manifest, choosing(manifest)), choice)) await make(manifest.account.name, proposal);
  }

  /** Sees to the apps of an account that has just been applied. */
  function consider(manifest: Manifest): void {
    if (!choosing(manifest).length || manifest.account.state !== 'active') return;
    last = last.then(() => look(manifest)).catch(error => log(`stacks for ${manifest.account.name}: ${error}`));
  }

  return {
    consider,
    idle: () => last,
    stop: () => {
      stopped = true;
    },
  };
}

export type Automatic = ReturnType<typeof automatic>;

/** The sets that most apps of this host would gain from, looked for as each customer; at most a few hundred accounts are looked into. */
export async function proposals(host: Host, journal: Journal): Promise<{ proposals: Proposal[]; lookedInto: number; accounts: number }> {
  const accounts = await journal.accounts();
  const standing = await inspectStanding(host);
  const slots: Parameters<typeof propose>[0] = [];
  const environments: Record<string, Record<string, string> | null> = {};
  for (const account of accounts.slice(0, LOOKED_INTO)) {
    const manifest = (await journal.kept(account))?.manifest;
    if (manifest?.account.state !== 'active') continue;
    const own = manifest.slots.filter(slot => slot.kind === 'wsgi' || slot.kind === 'asgi');
    const found = await inspectEnvironments(host, manifest, [...new Set(own.map(slot => slot.app))]);
    for (const [app, packages] of Object.entries(found)) environments[host.layout.slotName(account, app)] = packages;
    slots.push(...names(host, manifest, own).map(slot => ({ ...slot, app: slot.name })));
  }
  return {
    proposals: propose(slots, { standing, environments }),
    lookedInto: Math.min(accounts.length, LOOKED_INTO),
    accounts: accounts.length,
  };
}
