import { createHash, randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** The form in which cookies, links and tokens are kept: what is stored opens nothing. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** 256 random bits, as letters that fit in a cookie, a link and a header. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

/** A password for people and for database servers: 24 letters and digits, none of which look alike. */
export function randomPassword(length = 24): string {
  const letters = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789';
  // 54 letters: bytes of 216 and more are thrown away, so that each letter is as likely as the others.
  let text = '';
  while (text.length < length) for (const byte of randomBytes(length)) if (byte < 216 && text.length < length) text += letters[byte % 54];
  return text;
}

// OWASP's argon2id setting: 19 MiB, two passes.
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
let dummy: Promise<string> | null = null;

/** The argon2id hash of a password. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, COST);
}

/** Whether a password is right. Takes as long when there is nobody of that name. */
export async function checkPassword(stored: string | null, password: string): Promise<boolean> {
  dummy ??= hashPassword(randomToken());
  const right = await verify(stored ?? (await dummy), password).catch(() => false);
  return stored !== null && right;
}
