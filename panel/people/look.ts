import { Refused } from '../../provisioning/errors.ts';
import type { Account } from '../accounts/queries.ts';
import { note } from '../audit/actions.ts';
import type { Ctx } from '../middleware/route.ts';
import { closeSession, openSession } from '../middleware/session.ts';
import { endSession, sessionOf } from '../sessions/queries.ts';
import type { Actor } from './actor.ts';
import { customerOf } from './queries.ts';
import { sha256 } from './secrets.ts';

const SESSION = '__Host-berth';
/** The administrator's own session, kept aside while they look; it opens nothing that they did not have. */
const ASIDE = '__Host-berth-aside';

function setCookie(ctx: Ctx, name: string, value: string): void {
  ctx.append('Set-Cookie', `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax${value ? '' : '; Max-Age=0'}`);
}

/** Lets an administrator look through a customer's eyes, in a session of its own that says so on every page. */
export async function beginLook(ctx: Ctx, actor: Actor, account: Account): Promise<void> {
  const person = await customerOf(account.id);
  if (!person) throw new Refused('no-customer', 'Nobody can sign in to this account.', 'It may be on its way out.', { status: 409 });
  await note(actor, { action: 'look-begin', account: account.username });
  const own = ctx.cookies.get(SESSION) ?? '';
  // The administrator's session stays alive beside the new one, so that the way back needs no password.
  ctx.state.session = null;
  await openSession(ctx, person, actor.login);
  setCookie(ctx, ASIDE, own);
  ctx.redirect('/apps');
}

/** Ends the session kept aside, for an administrator who signs out while they look. */
export async function dropAside(ctx: Ctx): Promise<void> {
  const aside = ctx.cookies.get(ASIDE);
  if (!aside) return;
  await endSession(sha256(aside));
  setCookie(ctx, ASIDE, '');
}

/** Ends the look: the session is closed, and the administrator's own taken up again if it is still good. */
export async function endLook(ctx: Ctx): Promise<void> {
  const aside = ctx.cookies.get(ASIDE) ?? '';
  const own = /^[A-Za-z0-9_-]{43}$/.test(aside) ? await sessionOf(sha256(aside)) : null;
  await closeSession(ctx);
  setCookie(ctx, ASIDE, '');
  if (own?.actor.role === 'admin') setCookie(ctx, SESSION, aside);
  ctx.redirect(own?.actor.role === 'admin' ? '/admin/accounts' : '/sign-in');
}
