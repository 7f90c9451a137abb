import { Refused } from '../../provisioning/errors.ts';
import { note } from '../audit/actions.ts';
import { together } from '../db/pool.ts';
import { notFound } from '../middleware/errors.ts';
import type { Actor, Scope } from '../people/actor.ts';
import { randomToken, sha256 } from '../people/secrets.ts';
import * as queries from './queries.ts';
import type { NewToken } from './schema.ts';

/** A new token, with the text that is shown this once. */
export interface AddedToken {
  id: number;
  name: string;
  scopes: Scope[];
  expiresAt: Date | null;
  token: string;
}

/** A page of the tokens the actor may see, and the id to go on from. */
export async function tokensOf(actor: Actor, page: { after?: number; limit?: number } = {}) {
  const limit = page.limit ?? 50;
  const tokens = await queries.tokensOf(actor, { after: page.after, limit: limit + 1 });
  const shown = tokens.slice(0, limit);
  return { tokens: shown, next: tokens.length > limit ? shown.at(-1)!.id : null };
}

/** Makes a token that may do no more than its maker. */
export async function addToken(actor: Actor, input: NewToken): Promise<AddedToken> {
  const scopes = input.scopes ?? [...actor.scopes];
  const more = scopes.filter(scope => !actor.scopes.has(scope));
  if (more.length > 0) {
    throw new Refused('scope-too-wide', `You cannot give ${more.join(', ')}, which you do not have.`, 'Leave these scopes out.', {
      status: 403,
      fields: [{ field: 'scopes', message: `leave out ${more.join(', ')}` }],
    });
  }
  const { addresses = [], failByStatus = false } = input;
  const token = `berth_${randomToken()}`;
  const expiresAt = input.expiresInDays ? new Date(Date.now() + input.expiresInDays * 86_400_000) : null;
  return together(async () => {
    const id = await queries.addToken({
      person: actor.id,
      name: input.name,
      hash: sha256(token),
      scopes,
      expiresAt,
      addresses,
      failByStatus,
    });
    await note(actor, { action: 'token-add', account: actor.account ?? '', subject: input.name, detail: { id, scopes } });
    return { id, name: input.name, scopes, expiresAt, token };
  });
}

/** Deletes a token: it opens nothing from now on. */
export async function deleteToken(actor: Actor, id: number): Promise<void> {
  await together(async () => {
    if (!Number.isSafeInteger(id) || !(await queries.dropToken(actor, id))) throw notFound('token');
    await note(actor, { action: 'token-delete', account: actor.account ?? '', subject: String(id) });
  });
}
