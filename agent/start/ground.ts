import { foundation, planPart } from '../../provisioning/foundation/index.ts';
import type { Foundation } from '../../provisioning/foundation/spec.ts';
import type { Host } from '../../provisioning/host.ts';
import { timed } from './report.ts';

/**
 * Makes the host ready for accounts, a line for each step; tells how many steps there were. `check` may throw between
 * two steps, never within one: a package manager must not be broken off.
 */
export async function layFoundation(host: Host, wanted: Foundation, check: () => void = () => {}): Promise<number> {
  let done = 0;
  for (const part of foundation) {
    for (const step of await planPart(part, host, wanted)) {
      check();
      await timed(step.why, () => host.act(step, () => {}));
      done++;
    }
  }
  return done;
}
