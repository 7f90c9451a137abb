import { Refused } from '../../provisioning/errors.ts';
import { attempt, type Fault, form, render } from '../middleware/page.ts';
import { type Ctx, page, type Route } from '../middleware/route.ts';
import { parse } from '../middleware/validate.ts';
import { type Actor, SCOPES } from '../people/actor.ts';
import { addToken, deleteToken, tokensOf } from './actions.ts';
import { newToken } from './schema.ts';

async function list(ctx: Ctx, actor: Actor, more: { fresh?: string } & Partial<Fault> = {}): Promise<void> {
  const { tokens } = await tokensOf(actor, { limit: 200 });
  const { fresh = null, ...fault } = more;
  render(ctx, 'tokens/list', { title: 'API tokens', here: 'tokens', tokens, scopes: SCOPES, fresh, ...fault });
}

/** API tokens, for the hoster. */
export const routes: Route[] = [
  page({ method: 'GET', path: '/admin/tokens', policy: 'admin', run: (ctx, actor) => list(ctx, actor) }),
  page({
    method: 'POST',
    path: '/admin/tokens',
    policy: 'admin',
    async run(ctx, actor) {
      const sent = (ctx.request.body as Record<string, unknown> | undefined)?.scopes;
      const scopes = sent === undefined ? [] : [sent].flat().map(String);
      await attempt(
        ctx,
        async () => {
          const { token } = await addToken(
            actor,
            parse(newToken, { name: (form(ctx).name ?? '').trim(), ...(scopes.length ? { scopes } : {}) }),
          );
          await list(ctx, actor, { fresh: token });
        },
        fault => list(ctx, actor, { ...fault, values: { ...fault.values, scopes: scopes as unknown as string } }),
      );
    },
  }),
  page({
    method: 'POST',
    path: '/admin/tokens/:id/delete',
    policy: 'admin',
    async run(ctx, actor) {
      const id = Number(ctx.params.id);
      await attempt(
        ctx,
        async () => {
          const token = (await tokensOf(actor, { limit: 200 })).tokens.find(token => token.id === id);
          if (token && form(ctx).confirm !== token.name)
            throw new Refused(
              'confirm-missing',
              'The name that was typed is another one, so nothing was deleted.',
              `Type ${token.name} to delete it.`,
            );
          await deleteToken(actor, id);
          ctx.redirect('/admin/tokens?done=token-gone');
        },
        fault => list(ctx, actor, { ...fault, values: {} }),
      );
    },
  }),
];
