import type { Layout } from '../layout.ts';
import type { StacksFound } from '../stacks/inspect.ts';
import { planStack } from '../stacks/plan.ts';
import { fromCatalog } from '../stacks/spec.ts';
import type { Step } from '../steps.ts';
import type { Foundation } from './spec.ts';

/** What must happen for every stack of the catalog to be there as locked, for the interpreter of this host. Pure. Throws Refused. */
export function planStacks(wanted: Foundation, found: StacksFound, at: Layout): Step[] {
  // slotd starts after the foundation: no app is awake yet.
  const making = { pipEnvironment: wanted.pipEnvironment, inUse: false };
  return wanted.stacks
    .flatMap(stack => planStack(fromCatalog(stack), found, at, making))
    .map(step => ({ ...step, resource: 'foundation' }));
}
