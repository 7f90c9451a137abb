import type { Host } from '../../provisioning/host.ts';
import type { Manifest } from '../../provisioning/manifest.ts';
import { apply, inspect, plan, remove } from '../../provisioning/provisioner.ts';
import type { Step } from '../../provisioning/steps.ts';

/** The power going, right after a step. */
class PowerCut extends Error {}

/** A host on which the power goes after `steps` steps. */
export function cutAfter(host: Host, steps: number): Pick<Host, 'act'> {
  let done = 0;
  return {
    act: async (step, tell) => {
      if (done === steps) throw new PowerCut();
      await host.act(step, tell);
      done++;
    },
  };
}

/** The steps that are left to make the manifest true, or to remove the account. */
export async function stepsLeft(host: Host, manifest: Manifest, removing = false): Promise<Step[]> {
  const found = await inspect(host, manifest);
  return removing ? remove(manifest, found, host.layout) : plan(manifest, found, host.layout);
}

/** Makes a manifest true (or removes the account) with the power going after each number of steps in `cuts`; then without a cut. */
export async function applyWithCuts(host: Host, manifest: Manifest, cuts: Iterable<number>, removing = false): Promise<void> {
  for (const cut of [...cuts, Number.POSITIVE_INFINITY]) {
    const steps = await stepsLeft(host, manifest, removing);
    try {
      await apply(cutAfter(host, cut), steps, () => {});
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error;
    }
  }
}
