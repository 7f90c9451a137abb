import { Refused } from '../../provisioning/errors.ts';
import { note } from '../audit/actions.ts';
import { changePassword, checkSignIn } from '../people/actions.ts';
import { NOBODY } from '../people/actor.ts';
import { sha256 } from '../people/secrets.ts';
import { takeLink } from '../sessions/queries.ts';
import type { Ctx } from './route.ts';
import { closeSession, knownBrowser, openSession, rememberBrowser } from './session.ts';

/** Signs a person in with this browser: checks, counts, opens a new session. Throws Refused with what to show beside the form. */
export async function signIn(ctx: Ctx, login: string, password: string): Promise<{ role: 'admin' | 'customer' }> {
  const { person, role } = await checkSignIn(login, password, { peer: ctx.state.peer, browser: await knownBrowser(ctx) });
  await openSession(ctx, person);
  await rememberBrowser(ctx, person);
  return { role };
}

/** Signs this browser out. */
export async function signOut(ctx: Ctx): Promise<void> {
  await closeSession(ctx);
}

/** Changes the signed-in person's password; their other sessions end, this one gets a new id. */
export async function changeOwnPassword(ctx: Ctx, old: string, fresh: string): Promise<void> {
  await changePassword(ctx.state.actor, old, fresh, ctx.state.session);
  await openSession(ctx, ctx.state.actor.id, ctx.state.actor.via);
}

/** Uses a sign-in link in this browser. The first use wins; any other is refused. */
export async function enterByLink(ctx: Ctx, token: string): Promise<void> {
  const link = await takeLink(sha256(token));
  if (!link) {
    throw new Refused(
      'link-over',
      'This sign-in link has been used or is more than a minute old.',
      'Ask for a new one, or sign in with your password.',
      {
        status: 404,
      },
    );
  }
  await openSession(ctx, link.person, link.madeBy || null);
  const login = link.madeBy || 'a sign-in link';
  await note({ ...NOBODY, login, peer: ctx.state.peer }, { action: 'sign-in-by-link', subject: `person ${link.person}` });
}
