import { Failed, Refused } from '../provisioning/errors.ts';
import type { Host } from '../provisioning/host.ts';
import type { ApplyEvent, Manifest } from '../provisioning/manifest.ts';
import { apply, inspect, plan, remove } from '../provisioning/provisioner.ts';
import type { Step } from '../provisioning/steps.ts';
import type { Intent, Journal } from './journal.ts';

/** One manifest on its way: what has been told of it so far, for whoever listens now or later. */
export interface Work {
  intent: Intent;
  events: ApplyEvent[];
  listeners: Set<(event: ApplyEvent) => void>;
  /** Set when something urgent waits behind this work: no further step is begun. */
  interrupted: boolean;
  done: Promise<void>;
}

/** Builds are heavy: so many accounts are worked on at once, the rest waits its turn. */
const AT_ONCE = 4;

const isHeavy = ({ kind }: Intent, { account, runtimes }: Manifest) =>
  kind === 'apply' && account.state === 'active' && runtimes.length > 0;

/** The steps an intent still needs. Throws Refused when the manifest cannot be. */
export async function stepsFor(host: Host, kind: Intent['kind'], manifest: Manifest): Promise<Step[]> {
  const found = await inspect(host, manifest);
  return kind === 'remove' ? remove(manifest, found, host.layout) : plan(manifest, found, host.layout);
}

/** Room for so many heavy works at a time. Suspensions, removals and accounts without apps are light, and never wait for others' builds. */
function turns() {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(heavy: boolean, work: () => Promise<T>): Promise<T> => {
    if (!heavy) return work();
    if (running >= AT_ONCE) await new Promise<void>(go => waiting.push(go));
    running++;
    try {
      return await work();
    } finally {
      running--;
      waiting.shift()?.();
    }
  };
}

/** One line for each account, so that no two manifests of one account are worked on at once; at most a few accounts together. */
export function queue(host: Host, journal: Journal, log: (line: string) => void, applied: (manifest: Manifest) => void = () => {}) {
  const works = new Map<string, Work>();
  const lines = new Map<string, Promise<void>>();
  const slot = turns();

  async function make(work: Work, manifest: Manifest, tell: (event: ApplyEvent) => void): Promise<void> {
    const { account, kind, generation } = work.intent;
    const ended = (ok: boolean, error?: string) => tell({ type: 'end', ok, generation, ...(error ? { error } : {}) });
    try {
      const act: Host['act'] = (step, output) => {
        if (work.interrupted) throw new Failed('The account is being suspended or deleted.', { help: 'Try again when it stands.' });
        return host.act(step, output);
      };
      await apply({ ...host, act }, await stepsFor(host, kind, manifest), tell);
      await journal.end(work.intent, true);
      ended(true);
      if (kind === 'apply') applied(manifest);
    } catch (error) {
      const said = error instanceof Error ? error : new Error(String(error));
      if (!(error instanceof Failed || error instanceof Refused))
        log(`a fault of the agent's own while working on ${account}: ${said.stack}`);
      // What failed on its merits is for the panel to send again; only what was cut off is taken up by ourselves.
      await journal.end(work.intent, false);
      const help = 'help' in said && said.help ? ` ${said.help}` : '';
      ended(false, `${said.message}${help}`);
    }
  }

  const same = ({ account, generation, kind }: Intent): Work | null => {
    const work = works.get(account);
    return work && work.intent.generation === generation && work.intent.kind === kind ? work : null;
  };

  /** Takes a manifest up, or finds the work that is already on its way with the same generation. It goes on whoever listens. */
  function enqueue(intent: Intent, manifest: Manifest): Work {
    const current = same(intent);
    if (current) return current;
    const work: Work = { intent, events: [], listeners: new Set(), interrupted: false, done: Promise.resolve() };
    const tell = (event: ApplyEvent) => {
      work.events.push(event);
      for (const listener of work.listeners) listener(event);
    };
    const before = lines.get(intent.account) ?? Promise.resolve();
    work.done = before
      .then(() => slot(isHeavy(intent, manifest), () => make(work, manifest, tell)))
      .finally(() => {
        if (works.get(intent.account) === work) {
          works.delete(intent.account);
          lines.delete(intent.account);
        }
      });
    works.set(intent.account, work);
    lines.set(intent.account, work.done);
    return work;
  }

  /** Does something of an account's in its line, so that no manifest of it is worked on meanwhile. */
  async function inLine(account: string, act: () => Promise<void>): Promise<void> {
    const done = (lines.get(account) ?? Promise.resolve()).then(() => slot(true, act));
    const settled = done.catch(() => {});
    lines.set(account, settled);
    await done.finally(() => {
      if (lines.get(account) === settled) lines.delete(account);
    });
  }

  /** Lets work that runs for an account end after the step it is at, unless it is itself urgent. Answers whether there was any. */
  function interrupt(account: string): boolean {
    const work = works.get(account);
    if (!work || work.intent.kind === 'remove') return false;
    work.interrupted = true;
    return true;
  }

  return {
    enqueue,
    same,
    inLine,
    interrupt,
    busy: (account: string) => works.has(account),
    idle: () => Promise.allSettled([...lines.values()]),
  };
}

export type Queue = ReturnType<typeof queue>;
