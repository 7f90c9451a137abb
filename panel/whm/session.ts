import { Refused } from '../../provisioning/errors.ts';
import { liveAccount } from '../accounts/actions.ts';
import { makeLoginLink } from '../people/actions.ts';
import type { Caller } from './credentials.ts';
import type { Done } from './envelope.ts';
import type { Params } from './params.ts';

/** create_user_session: a link that signs the customer in, once, within a minute. The hoster's own panel is not opened this way. */
export async function createUserSession({ actor }: Caller, params: Params): Promise<Done> {
  const user = params.need('user').toLowerCase();
  const service = params.text('service') || 'cpaneld';
  if (service !== 'cpaneld') throw new Refused('no-such-service', `A session of “${service}” cannot be made; use cpaneld.`);
  const { url, expiresAt } = await makeLoginLink(actor, await liveAccount(actor, user));
  const expires = Math.floor(expiresAt.getTime() / 1000);
  const session = new URL(url).pathname.split('/').at(-1);
  return { reason: 'Created session', data: { url, session, cp_security_token: '', expires, service, locale: 'en' } };
}
