import type { Next } from 'koa';
import { NOBODY } from '../people/actor.ts';
import { randomToken, sha256 } from '../people/secrets.ts';
import { addDevice, addSession, endSession, personOfDevice, sessionOf } from '../sessions/queries.ts';
import { settings } from '../settings.ts';
import type { Ctx } from './route.ts';
import { bearer } from './token.ts';

// Browsers take __Host- cookies from https and from this machine itself (localhost, 127.0.0.1), also over plain http.
const SESSION = '__Host-berth';
const DEVICE = '__Host-berth-browser';
const YEAR = 31_536_000;

function setCookie(ctx: Ctx, name: string, value: string, maxAge?: number): void {
  const age = maxAge === undefined ? '' : `; Max-Age=${maxAge}`;
  ctx.append('Set-Cookie', `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax${age}`);
}

function cookie(ctx: Ctx, name: string): string | null {
  const value = ctx.cookies.get(name);
  return value && /^[A-Za-z0-9_-]{43}$/.test(value) ? value : null;
}

/** The peer's address: the socket's own, or what the one trusted proxy says of it. */
function peerOf(ctx: Ctx): string {
  const plain = (address: string) => address.replace(/^::ffff:/, '').slice(0, 64);
  const socket = plain(ctx.req.socket.remoteAddress ?? '');
  if (!settings().trustedProxy || socket !== settings().trustedProxy) return socket;
  return plain(ctx.get('X-Forwarded-For').split(',').at(-1)?.trim() || socket);
}

/** Finds out who asks: a Bearer token's person, a cookie's person, or nobody. */
export async function identify(ctx: Ctx, next: Next): Promise<void> {
  ctx.state.peer = peerOf(ctx);
  ctx.state.actor = NOBODY;
  ctx.state.session = null;
  ctx.state.csrf = null;
  const token = ctx.path.startsWith('/api/') ? await bearer(ctx) : null;
  if (token) ctx.state.actor = token;
  else await identifyByCookie(ctx);
  await next();
}

async function identifyByCookie(ctx: Ctx): Promise<void> {
  const value = cookie(ctx, SESSION);
  const session = value ? await sessionOf(sha256(value)) : null;
  if (!session) return;
  ctx.state.session = sha256(value!);
  ctx.state.csrf = session.csrf;
  ctx.state.actor = { ...session.actor, peer: ctx.state.peer };
}

/** Opens a session for a person in this browser, with an id of its own, in place of the one before. */
export async function openSession(ctx: Ctx, person: number, via: string | null = null): Promise<void> {
  const value = randomToken();
  await addSession({ hash: sha256(value), person, csrf: randomToken(), via, peer: ctx.state.peer, instead: ctx.state.session });
  setCookie(ctx, SESSION, value);
  ctx.set('Cache-Control', 'no-store');
}

/** Ends this browser's session. */
export async function closeSession(ctx: Ctx): Promise<void> {
  if (ctx.state.session) await endSession(ctx.state.session);
  setCookie(ctx, SESSION, '', 0);
}

/** The person this browser signed in as before, and the name of its own count of attempts. */
export async function knownBrowser(ctx: Ctx): Promise<{ hash: string; person: number } | null> {
  const value = cookie(ctx, DEVICE);
  const person = value ? await personOfDevice(sha256(value)) : null;
  return value && person ? { hash: sha256(value), person } : null;
}

/** Remembers that this person signed in with this browser, for a year. */
export async function rememberBrowser(ctx: Ctx, person: number): Promise<void> {
  if ((await knownBrowser(ctx))?.person === person) return;
  const value = randomToken();
  await addDevice(sha256(value), person);
  setCookie(ctx, DEVICE, value, YEAR);
}
