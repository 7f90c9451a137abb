import { randomUUID } from 'node:crypto';
import { forgetOwnerPasswords } from '../apps/queries.ts';
import { outside } from '../db/pool.ts';
import { sweepKeys } from '../middleware/queries.ts';
import { type Claim, claimNext, freeDead, putBack, renew } from '../queue/queries.ts';
import { sweepSessions } from '../sessions/queries.ts';
import { sweepOutput } from '../steps/queries.ts';
import { sweepCreations } from '../whm/queries.ts';
import { bell } from './actions.ts';
import { runJob } from './run.ts';

/** How many accounts are worked on at once, and how often the queue is looked at. */
const AT_ONCE = 8;
/** Suspensions and deletions find room when everything else is busy building. */
const MORE_FOR_URGENT = 4;
const LOOK_MS = 500;
const RENEW_MS = 5000;
const CHORES_MS = 600_000;

interface Running {
  claim: Claim;
  stop: AbortController;
  ended: Promise<void>;
}

/** The job worker of this panel. */
export interface Worker {
  stop(): Promise<void>;
}

/** Starts taking jobs. `place` names this panel's address, which only one living panel can have. */
export async function startWorker(place: string): Promise<Worker> {
  const name = `${place}:${randomUUID()}`;
  await freeDead(place);
  const running = new Map<number, Running>();
  let stopped = false;
  let looking = false;
  let again = false;

  async function look(): Promise<void> {
    if (looking || stopped) {
      again = true;
      return;
    }
    looking = true;
    try {
      do {
        again = false;
        while (!stopped && running.size < AT_ONCE + MORE_FOR_URGENT) {
          const claim = await claimNext(name, running.size >= AT_ONCE);
          if (!claim) break;
          start(claim);
        }
      } while (again && !stopped);
    } catch (error) {
      console.error('the job queue cannot be read:', (error as Error).message);
    } finally {
      looking = false;
    }
  }

  function start(claim: Claim): void {
    const stop = new AbortController();
    const ended = runJob(claim, stop.signal)
      .catch(error => console.error(`job ${claim.id}:`, error))
      .finally(() => {
        running.delete(claim.id);
        ring();
      });
    running.set(claim.id, { claim, stop, ended });
  }

  // A job is no part of what the one who rings is doing.
  const ring = () => void outside(() => setImmediate(look));
  bell.on('ring', ring);
  const timers = [
    setInterval(look, LOOK_MS),
    setInterval(() => void renewAll([...running.values()]), RENEW_MS),
    setInterval(() => void freeDead(null).catch(() => {}), RENEW_MS),
    setInterval(() => void chores(), CHORES_MS),
  ];
  ring();
  return {
    async stop() {
      stopped = true;
      bell.off('ring', ring);
      for (const timer of timers) clearInterval(timer);
      const held = [...running.values()];
      for (const { stop } of held) stop.abort(new Error('the panel is stopping'));
      await Promise.all(held.map(({ ended }) => ended));
      // The agent goes on by itself; the next panel asks for the rest.
      for (const { claim } of held) await putBack(claim, 0, 'The panel was stopped; the work goes on when it is back.').catch(() => {});
    },
  };
}

async function renewAll(held: Running[]): Promise<void> {
  for (const { claim, stop } of held) {
    const mine = await renew(claim).catch(() => true);
    if (!mine) stop.abort(new Error('another worker has this job'));
  }
}

async function chores(): Promise<void> {
  for (const chore of [sweepSessions, sweepKeys, sweepOutput, sweepCreations, forgetOwnerPasswords])
    await chore().catch(error => console.error('chores:', error));
}
