import type { Sight } from './host.ts';
import type { Manifest } from './manifest.ts';
import type { Step } from './steps.ts';

/**
 * The four words. `inspect` reads a host, `plan` and `remove` are pure and return steps, and applying is the
 * machine's act on each of them. `plan` of what `inspect` finds right after applying is empty.
 */
export interface Resource<Found> {
  readonly name: string;
  /** Whether a reboot clears what it made, so that the host brings it back by itself. */
  readonly volatile?: true;
  inspect(sight: Sight, manifest: Manifest): Promise<Found>;
  plan(manifest: Manifest, found: Found, layout: Sight['layout']): Step[];
  remove(manifest: Manifest, found: Found, layout: Sight['layout']): Step[];
}
