import { sha256 } from '../../panel/people/secrets.ts';
import { sessionOf } from '../../panel/sessions/queries.ts';

/** What a form of the session behind a cookie carries, read from the panel's own database. */
export async function csrfOf(cookie: string): Promise<string> {
  const session = await sessionOf(sha256(cookie.split('=')[1] ?? ''));
  if (!session) throw new Error('there is no such session');
  return session.csrf;
}
