import { createHash } from 'node:crypto';

/** The hash mysql_native_password keeps: `*` and SHA1(SHA1(password)) in upper-case hex; it lets inspect compare without the password. */
export function nativeHash(password: string): string {
  const once = createHash('sha1').update(password).digest();
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`;
}
