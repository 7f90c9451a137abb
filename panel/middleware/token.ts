import { Refused } from '../../provisioning/errors.ts';
import type { Actor } from '../people/actor.ts';
import { sha256 } from '../people/secrets.ts';
import { actorOfToken, touchToken } from '../tokens/queries.ts';
import type { Ctx } from './route.ts';

/** The actor a Bearer token speaks for; null when none was sent; Refused when it is not a live one. */
export async function bearer(ctx: Ctx): Promise<Actor | null> {
  const header = ctx.get('Authorization');
  if (!header) return null;
  const token = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header)?.[1];
  const actor = token ? await actorOfToken(sha256(token), ctx.state.peer) : null;
  if (!actor) {
    throw new Refused(
      'bad-token',
      'This token is not valid here.',
      'Send “Authorization: Bearer <token>” with a token that has not been deleted and has not expired.',
      {
        status: 401,
        fields: [{ field: 'Authorization', message: 'send a valid API token' }],
      },
    );
  }
  await touchToken(actor.token!);
  return { ...actor, peer: ctx.state.peer };
}
