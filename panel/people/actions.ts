import { Refused } from '../../provisioning/errors.ts';
import { note } from '../audit/actions.ts';
import { together } from '../db/pool.ts';
import { countAttempt } from '../middleware/limit.ts';
import { addLink } from '../sessions/queries.ts';
import { settings } from '../settings.ts';
import { type Actor, NOBODY } from './actor.ts';
import { candidateOf, customerOf, passwordOf, setPassword } from './queries.ts';
import { checkPassword, hashPassword, randomToken, sha256 } from './secrets.ts';

/** From where somebody tries: the peer's address and the browser, if it is one that signed in before. */
export interface Place {
  peer: string;
  browser: { hash: string; person: number } | null;
}

/** Checks a sign-in, counted and slowed down; throws Refused with what to show beside the form. Opens nothing by itself. */
export async function checkSignIn(login: string, password: string, place: Place): Promise<{ person: number; role: 'admin' | 'customer' }> {
  const name = login.trim().slice(0, 64);
  const candidate = /^[\x21-\x7e]+$/.test(name) ? await candidateOf(name) : null;
  const known = place.browser && place.browser.person === candidate?.id ? place.browser.hash : null;
  const attempt = await countAttempt(name, place.peer, known);
  if (!(await checkPassword(candidate?.hash ?? null, password)) || !candidate) {
    throw new Refused('wrong-sign-in', 'This name and password do not belong together.', 'Check both; capital letters matter.', {
      status: 403,
      fields: [{ field: 'password', message: 'check the name and the password' }],
    });
  }
  await attempt.forgive();
  if (candidate.state === 'terminating' || candidate.state === 'terminated') {
    throw new Refused('account-terminating', 'This account is being deleted.', 'Ask your hoster if that is not what you want.', {
      status: 403,
    });
  }
  await note({ ...NOBODY, login: candidate.login, peer: place.peer }, { action: 'sign-in', subject: candidate.login });
  return { person: candidate.id, role: candidate.role };
}

/** Changes the actor's own password; every session but `keep` ends. */
export async function changePassword(actor: Actor, old: string, fresh: string, keep: string | null): Promise<void> {
  const attempt = await countAttempt(actor.login, actor.peer, keep);
  if (!(await checkPassword(await passwordOf(actor.id), old))) {
    throw new Refused('wrong-password', 'The old password is not right.', 'Check it; capital letters matter.', {
      status: 403,
      fields: [{ field: 'old', message: 'check the old password' }],
    });
  }
  if (fresh.length < 10 || fresh.length > 200) {
    throw new Refused('short-password', 'The new password is too short.', 'Use at least 10 characters.', {
      fields: [{ field: 'password', message: 'use 10 to 200 characters' }],
    });
  }
  await attempt.forgive();
  const hash = await hashPassword(fresh);
  await together(async () => {
    await setPassword(actor.id, hash, keep ?? '');
    await note(actor, { action: 'password-change', account: actor.account ?? '', subject: actor.login });
  });
}

/** Makes a link that signs an account's customer in, once, within a minute. */
export async function makeLoginLink(actor: Actor, account: { id: number; username: string }): Promise<{ url: string; expiresAt: Date }> {
  const person = await customerOf(account.id);
  if (!person) throw new Refused('no-customer', 'Nobody can sign in to this account.', 'It may be on its way out.', { status: 409 });
  const token = randomToken();
  return together(async () => {
    // A person's link shows a banner with their name; a billing system's link is the customer's own way in.
    const expiresAt = await addLink(sha256(token), person, actor.kind === 'person' ? actor.login : '');
    await note(actor, { action: 'login-link', account: account.username });
    return { url: `${settings().origin}/login-links/${token}`, expiresAt };
  });
}
