import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused } from '../../provisioning/errors.ts';
import { addKey, dropDeadKey, dropKey, type KeySlot, keepAnswer, keyOf } from './queries.ts';
import type { Ctx } from './route.ts';

/** An answer as it is kept for those who ask again. */
export interface Kept {
  status: number;
  body: string;
}

const KEY = /^[\x21-\x7e]{1,255}$/;
/** How long a second call waits for the first. */
const WAIT_MS = 30_000;

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

// Answers may hold a password that is shown once. They are sealed with the key that the caller chose, of which only a hash is kept.
function sealKey(key: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, 'berth', 'idempotency', 32));
}

function seal(key: string, text: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealKey(key), iv);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64');
}

function unseal(key: string, text: string): string {
  const sealed = Buffer.from(text, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', sealKey(key), sealed.subarray(0, 12)).setAuthTag(sealed.subarray(12, 28));
  return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8');
}

/**
 * Runs a POST once per Idempotency-Key: the same key with the same body gets the first answer again, also while the first is still
 * being worked on; another body is refused. Refusals are not kept, as they changed nothing.
 */
export async function once(ctx: Ctx, work: () => Promise<Kept>): Promise<Kept> {
  const key = ctx.get('Idempotency-Key');
  if (ctx.method !== 'POST' || !key) return work();
  if (!KEY.test(key)) {
    throw new Refused(
      'bad-idempotency-key',
      'The Idempotency-Key cannot be used.',
      'Use 1 to 255 visible ASCII characters, such as a UUID.',
      {
        status: 400,
        fields: [{ field: 'Idempotency-Key', message: 'use 1 to 255 visible ASCII characters' }],
      },
    );
  }
  const { actor } = ctx.state;
  const caller = actor.token ? `token:${actor.token}` : `person:${actor.id}`;
  const name = sha256(key);
  const hash = sha256(JSON.stringify([ctx.method, ctx.path, ctx.request.body ?? {}]));
  const owner = randomUUID();
  const slot = { caller, name, hash, owner };
  for (const until = performance.now() + WAIT_MS; performance.now() < until; ) {
    if (await addKey(slot)) return run(slot, key, work);
    const row = await keyOf(slot);
    if (row && row.hash !== hash) otherBody();
    if (row?.answer) {
      ctx.set('Idempotent-Replayed', 'true');
      return { status: row.status!, body: unseal(key, row.answer) };
    }
    if (row?.dead) await dropDeadKey(slot);
    else if (row) await sleep(60);
  }
  throw new Refused(
    'still-running',
    'The first request with this Idempotency-Key is still being worked on.',
    'Send it again in a few seconds.',
    { status: 409 },
  );
}

async function run(slot: KeySlot, key: string, work: () => Promise<Kept>): Promise<Kept> {
  try {
    const kept = await work();
    await keepAnswer(slot, kept.status, seal(key, kept.body));
    return kept;
  } catch (error) {
    await dropKey(slot);
    throw error;
  }
}

function otherBody(): never {
  throw new Refused('idempotency-key-reused', 'This Idempotency-Key was used for another request.', 'Use a new key for a new request.', {
    fields: [{ field: 'Idempotency-Key', message: 'use a new key: this one belongs to a request with another body' }],
  });
}
