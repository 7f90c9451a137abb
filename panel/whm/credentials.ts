import { checkSignIn } from '../people/actions.ts';
import type { Actor } from '../people/actor.ts';
import { adminOf } from '../people/queries.ts';
import { sha256 } from '../people/secrets.ts';
import { actorOfToken, touchToken } from '../tokens/queries.ts';

/** Who calls: an administrator, and the user part under which billing systems know them. */
export interface Caller {
  actor: Actor;
  /** As it was sent. Package names begin with it in some billing systems. */
  user: string;
  /** Whether failures are told by the status too. */
  failByStatus: boolean;
}

interface Sent {
  scheme: 'whm' | 'basic';
  user: string;
  secret: string;
}

/** Takes an Authorization header apart; null when it is of no kind that billing systems send. */
export function readHeader(header: string): Sent | null {
  const match = /^(whm|basic)\s+(.+)$/is.exec(header);
  if (!match) return null;
  const scheme = match[1]!.toLowerCase() as Sent['scheme'];
  let rest = match[2]!.trim();
  // One client sends Basic without encoding it; base64 never holds a colon.
  if (scheme === 'basic' && !rest.includes(':')) rest = Buffer.from(rest, 'base64').toString('utf8');
  const colon = rest.indexOf(':');
  if (colon < 1) return null;
  const secret = rest.slice(colon + 1);
  // Access hashes were pasted with their line breaks.
  return { scheme, user: rest.slice(0, colon).trim(), secret: scheme === 'whm' ? secret.replace(/\s+/g, '') : secret };
}

async function byToken(sent: Sent, peer: string): Promise<(Actor & { failByStatus: boolean }) | null> {
  const actor = await actorOfToken(sha256(sent.secret), peer);
  if (!actor) return null;
  await touchToken(actor.token!);
  return { ...actor, peer };
}

async function byPassword(sent: Sent, peer: string): Promise<Actor | null> {
  const login = sent.user === 'root' ? 'admin' : sent.user;
  const { person } = await checkSignIn(login, sent.secret, { peer, browser: null });
  return { ...(await adminOf(person))!, peer };
}

/** The administrator behind a header, or null. A token is valid as user `root` and as its owner; a password as its owner. */
export async function callerOf(header: string, peer: string): Promise<Caller | null> {
  const sent = header.length <= 4096 ? readHeader(header) : null;
  if (!sent) return null;
  const token = await byToken(sent, peer);
  const actor = token ?? (sent.scheme === 'basic' ? await byPassword(sent, peer).catch(() => null) : null);
  if (actor?.role !== 'admin' || (sent.user !== 'root' && sent.user !== actor.login)) return null;
  return { actor, user: sent.user, failByStatus: token?.failByStatus ?? false };
}
