import { createHash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterMySQL, type RateLimiterRes } from 'rate-limiter-flexible';
import { Refused } from '../../provisioning/errors.ts';
import { callbackPool } from '../db/pool.ts';

/** Refused for now: come back after so many seconds. */
export class TooMany extends Refused {
  readonly seconds: number;

  constructor(seconds: number) {
    const wait = seconds > 90 ? `${Math.ceil(seconds / 60)} minutes` : `${seconds} seconds`;
    super(
      'too-many-attempts',
      'There were too many attempts to sign in from here.',
      `Wait ${wait}, then try again. A browser that signed in before is let in.`,
      {
        status: 429,
      },
    );
    this.seconds = seconds;
  }
}

/** Wrong guesses of one name from one place, in a quarter of an hour. */
const GUESSES = 10;
/** Wrong guesses of any name from one place, in a minute. Short, as many people may share an address. */
const PEER_GUESSES = 30;

interface Limiters {
  name: RateLimiterMySQL;
  peer: RateLimiterMySQL;
}
let limiters: Limiters | null = null;

/** Lets the limits live in the panel database, so that several panels count together; in memory while it is away. */
export function openLimits(database: string): void {
  const shared = { storeClient: callbackPool(), storeType: 'mysql2', dbName: database, tableName: 'limits', tableCreated: true };
  const limiter = (keyPrefix: string, points: number, duration: number) =>
    new RateLimiterMySQL({
      ...shared,
      keyPrefix,
      points,
      duration,
      insuranceLimiter: new RateLimiterMemory({ keyPrefix, points, duration }),
    });
  limiters = { name: limiter('n', GUESSES, 900), peer: limiter('p', PEER_GUESSES, 60) };
}

function digest(...parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 40);
}

/**
 * Counts an attempt to sign in, before the password is looked at. A browser that has signed in before as this person has a count of its
 * own: whatever strangers do, and from wherever, they never use it up.
 */
export async function countAttempt(login: string, peer: string, device: string | null): Promise<{ forgive(): Promise<void> }> {
  if (!limiters) throw new Error('openLimits() was not called');
  const { name, peer: place } = limiters;
  const key = device ? digest('device', device) : digest('guess', login, peer);
  const from = device ? null : digest(peer);
  try {
    await name.consume(key);
    if (from) await place.consume(from);
  } catch (error) {
    if (error instanceof Error) throw error;
    throw new TooMany(Math.max(1, Math.ceil((error as RateLimiterRes).msBeforeNext / 1000)));
  }
  return {
    async forgive() {
      await name.delete(key);
      if (from) await place.reward(from);
    },
  };
}
