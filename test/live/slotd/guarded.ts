import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { Held } from './held.ts';

/** A slot server under its guard, which holds everything open while slotd is away. */
export class Guarded extends Held {
  constructor() {
    super();
    this.program = 'guard.py';
  }

  /** The process id of slotd itself, once it answers. */
  async slotd(not = 0): Promise<number> {
    for (const end = Date.now() + 15_000; Date.now() < end; await pause(20)) {
      const answer = (await this.ask({ op: 'ping' }).catch(() => ({}))) as { pid?: number };
      if (answer.pid && answer.pid !== not) return answer.pid;
    }
    throw new Error(`slotd does not answer: ${this.said}`);
  }

  /** Kills slotd and waits for the next one. */
  async crash(): Promise<number> {
    const before = await this.slotd();
    process.kill(before, 'SIGKILL');
    return this.slotd(before);
  }

  /** A planned restart. */
  async restart(): Promise<number> {
    const before = await this.slotd();
    const answer = await this.ask({ op: 'restart' });
    if (!answer.ok) throw new Error(answer.error);
    return this.slotd(before);
  }
}

/** A guarded slot server for one test, cleared away afterwards whatever happens. */
export async function guarded(t: ExecutionContext): Promise<Guarded> {
  t.timeout(60_000);
  const server = new Guarded();
  t.teardown(() => server.clear());
  await server.start();
  return server;
}
