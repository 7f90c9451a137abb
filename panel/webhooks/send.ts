import { createHmac } from 'node:crypto';
import { outside } from '../db/pool.ts';
import { bell } from './actions.ts';
import { claimDelivery, type Due, settle, sweepDeliveries } from './queries.ts';

/** Seconds until the next try, as Standard Webhooks proposes; after the last the message has failed. */
const WAITS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
const PATIENCE_MS = 15_000;
const LOOK_MS = 1000;
const AT_ONCE = 4;
const SWEEP_MS = 3_600_000;

/** The headers of Standard Webhooks (standardwebhooks.com): an id, a time in seconds, and the signature over both and the body. */
export function signed(secret: string, message: string, at: number, payload: string): Record<string, string> {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${message}.${at}.${payload}`).digest('base64');
  return { 'webhook-id': message, 'webhook-timestamp': String(at), 'webhook-signature': `v1,${signature}` };
}

async function post(due: Due): Promise<{ sent: boolean; status: number | null; error: string }> {
  try {
    const headers = {
      'Content-Type': 'application/json',
      'User-Agent': 'Berth-Webhooks/1',
      ...signed(due.secret, due.message, Math.floor(Date.now() / 1000), due.payload),
    };
    // Redirects are not followed: a signed message goes to the address that was given and nowhere else.
    const answer = await fetch(due.url, {
      method: 'POST',
      headers,
      body: due.payload,
      redirect: 'manual',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await answer.body?.cancel();
    const sent = answer.status >= 200 && answer.status < 300;
    return { sent, status: answer.status, error: sent ? '' : `The receiver answered ${answer.status}.` };
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).name;
    return { sent: false, status: null, error: `The receiver did not answer (${cause}).` };
  }
}

async function deliver(due: Due): Promise<void> {
  const told = await post(due);
  await settle(due.id, { ...told, again: WAITS[due.attempts - 1] ?? null });
}

/** The sender of this panel's webhooks. */
export interface Sender {
  stop(): Promise<void>;
}

/** Starts sending what waits, a few at once. */
export function startSender(): Sender {
  const running = new Set<Promise<void>>();
  let stopped = false;
  let looking = false;

  async function look(): Promise<void> {
    if (looking || stopped) return;
    looking = true;
    try {
      while (!stopped && running.size < AT_ONCE) {
        const due = await claimDelivery();
        if (!due) break;
        const work = deliver(due).catch(error => console.error('webhooks:', (error as Error).message));
        running.add(work);
        void work.finally(() => {
          running.delete(work);
          ring();
        });
      }
    } catch (error) {
      console.error('webhooks cannot be read:', (error as Error).message);
    } finally {
      looking = false;
    }
  }

  // A ring comes from inside a transaction; a moment later it has been committed.
  const ring = () => void outside(() => setTimeout(look, 20));
  bell.on('ring', ring);
  const timers = [setInterval(look, LOOK_MS), setInterval(() => void sweepDeliveries().catch(() => {}), SWEEP_MS)];
  return {
    async stop() {
      stopped = true;
      bell.off('ring', ring);
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running);
    },
  };
}
