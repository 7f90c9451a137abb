import { idPageQuery, nextLink, pageOf } from '../middleware/paging.ts';
import { api, type Route } from '../middleware/route.ts';
import { addToken, deleteToken, tokensOf } from './actions.ts';
import { addedToken, newToken, tokenAnswer } from './schema.ts';

const PATH = '/api/v1/tokens';

/** API tokens over REST. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: PATH,
    policy: { scope: 'tokens:read' },
    summary: 'Lists API tokens, never the tokens themselves',
    query: idPageQuery,
    answer: pageOf(tokenAnswer),
    async run({ ctx, actor, query }) {
      const { tokens, next } = await tokensOf(actor, query);
      return { items: tokens, next: nextLink(ctx, next) };
    },
  }),
  api({
    method: 'POST',
    path: PATH,
    policy: { scope: 'tokens:write' },
    summary: 'Makes an API token; it is shown in this answer and never again',
    body: newToken,
    answer: addedToken,
    status: 201,
    run: ({ actor, body }) => addToken(actor, body),
  }),
  api({
    method: 'DELETE',
    path: `${PATH}/:id`,
    policy: { scope: 'tokens:write' },
    summary: 'Deletes an API token',
    run: ({ actor, params }) => deleteToken(actor, Number(params.id)),
  }),
];
