import { Child, type Program } from './child.ts';
import { endLeftovers } from './leftovers.ts';
import { say, timed } from './report.ts';

/** Thrown where the start is broken off because somebody asked to stop. */
export class Stopped extends Error {}

/** All that the launcher keeps running, in the order in which it is to be stopped. */
export class Family {
  readonly #children: Child[] = [];
  readonly #sessions = new Set<number>();
  stopping = false;

  /** Starts a program, waits until it is ready and keeps it running. Later ones are stopped earlier. */
  async add(program: Program): Promise<void> {
    this.check();
    const child = new Child(program, pid => this.#sessions.add(pid));
    this.#children.unshift(child);
    await timed(`Start ${program.title.charAt(0).toLowerCase()}${program.title.slice(1)}`, () => child.start());
    this.check();
    child.keep();
  }

  /** Breaks off when somebody asked to stop. */
  check(): void {
    if (this.stopping) throw new Stopped();
  }

  /** Stops all, one after another, and verifies that no process is left. */
  async stop(cgroup: string): Promise<void> {
    this.stopping = true;
    for (const child of this.#children) {
      if (child.pid !== null) await timed(`Stop ${child.program.name}`, () => child.stop());
      else await child.stop();
    }
    const { ended, left } = await endLeftovers(this.#sessions, cgroup);
    if (ended) say(`  ${ended} processes that were left had to be ended by force.`);
    if (left) say(`  ${left} processes could not be ended; look for them with ps.`);
  }

  /** Ends everything at once. */
  async kill(cgroup: string): Promise<void> {
    this.stopping = true;
    for (const child of this.#children) child.kill();
    await endLeftovers(this.#sessions, cgroup);
  }
}
