import { Failed, Refused } from '../../provisioning/errors.ts';
import type { Host } from '../../provisioning/host.ts';
import { forPip } from '../../provisioning/machine/resolve.ts';
import type { ApplyEvent } from '../../provisioning/manifest.ts';
import { apply } from '../../provisioning/provisioner.ts';
import { inspectStacks } from '../../provisioning/stacks/inspect.ts';
import { planRemoval, planStack, planWish, specText } from '../../provisioning/stacks/plan.ts';
import { HOST_PYTHON, type StackSpec, stackSpec } from '../../provisioning/stacks/spec.ts';
import type { Step } from '../../provisioning/steps.ts';
import type { Told } from '../mouth.ts';
import type { StackTools } from './locks.ts';
import { wantedStacks } from './wishes.ts';

/** One change of the stacks on its way. */
export interface StackWork extends Told {
  /** Whether it came to a good end. */
  done: Promise<boolean>;
}

/** Works at one change after another, and tells of each. */
function oneByOne(host: Host, log: (line: string) => void, changed: () => Promise<void>) {
  let last: Promise<unknown> = Promise.resolve();

  function enqueue(steps: () => Promise<Step[]>, failed: () => Promise<void>): StackWork {
    const work: StackWork = { events: [], listeners: new Set(), done: Promise.resolve(false) };
    const tell = (event: ApplyEvent) => {
      work.events.push(event);
      for (const listener of work.listeners) listener(event);
    };
    const act = async (): Promise<boolean> => {
      try {
        const list = await steps();
        await apply(host, list, tell);
        tell({ type: 'end', ok: true, generation: 0 });
        // On a large host this takes a while, and a stack is of use before it is over.
        if (list.length) void changed();
        return true;
      } catch (error) {
        const said = error instanceof Error ? error : new Error(String(error));
        if (!(error instanceof Failed || error instanceof Refused))
          log(`a fault of the agent's own while working on stacks: ${said.stack}`);
        await failed().catch(fault => log(`a stack that failed could not be forgotten: ${fault}`));
        tell({ type: 'end', ok: false, generation: 0, error: `${said.message}${'help' in said && said.help ? ` ${said.help}` : ''}` });
        return false;
      }
    };
    work.done = last.then(act, act);
    last = work.done;
    return work;
  }

  return { enqueue, idle: () => last };
}

/** Makes, replaces and takes away stacks, one at a time; `changed` hears of each change that was made. */
export function stackKeeper(host: Host, tools: StackTools, log: (line: string) => void, changed: () => Promise<void>) {
  const at = host.layout;
  const wanted = () => wantedStacks(host, log);
  const { enqueue, idle } = oneByOne(host, log, changed);

  /** The steps that make a stack, and its wish. */
  async function stepsTo(spec: StackSpec): Promise<Step[]> {
    const wish = spec.origin === 'catalog' ? [] : planWish(spec, await host.text(at.stackSpec(spec.id)), at);
    const making = { pipEnvironment: forPip(tools.buildEnvironment), inUse: true };
    return [...wish, ...planStack(spec, await inspectStacks(host, [spec]), at, making)];
  }

  async function stepsFrom(id: string, python: string): Promise<Step[]> {
    return planRemoval(id, await inspectStacks(host, [{ id, python }]), await host.text(at.stackSpec(id)), at);
  }

  /** What failed on its merits is forgotten; only what was cut off is taken up by ourselves. */
  async function forget(spec: StackSpec, before: string | null): Promise<void> {
    if (spec.origin === 'catalog') return;
    const old = before === null || before === specText(spec) ? null : stackSpec.parse(JSON.parse(before));
    const steps = old ? planWish(old, await host.text(at.stackSpec(old.id)), at) : await stepsFrom(spec.id, spec.python);
    await apply(host, steps, () => {});
  }

  /** Makes a stack as its spec says; an equal one that stands is left alone. */
  function make(spec: StackSpec): StackWork {
    let before: string | null = null;
    const steps = async () => {
      before = await host.text(at.stackSpec(spec.id));
      return stepsTo(spec);
    };
    return enqueue(steps, () => forget(spec, before));
  }

  /** Takes a stack away with its wish. */
  const unmake = (spec: Pick<StackSpec, 'id' | 'python'>): StackWork =>
    enqueue(
      () => stepsFrom(spec.id, spec.python),
      async () => {},
    );

  /** Takes up what a crash cut off: stacks that are wanted and not whole, and what is left of those that are not wanted. */
  async function resume(): Promise<StackWork[]> {
    const all = await wanted();
    const works: StackWork[] = [];
    for (const spec of all) if (spec.origin !== 'catalog' && (await stepsTo(spec).catch(() => [])).length) works.push(make(spec));
    for (const entry of await host.list(at.stacks)) {
      const id = /^\.(.+)\.new$/.exec(entry)?.[1] ?? entry;
      if (/^[a-z0-9][a-z0-9.-]{1,63}$/.test(id) && !all.some(spec => spec.id === id)) works.push(unmake({ id, python: HOST_PYTHON }));
    }
    return works;
  }

  return { wanted, make, unmake, resume, idle };
}

export type StackKeeper = ReturnType<typeof stackKeeper>;
