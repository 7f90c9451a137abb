import { page, type Route } from '../middleware/route.ts';
import { enterByLink } from '../middleware/sign-in.ts';

/** The one address of people that is no page: a sign-in link leads on at once. */
export const routes: Route[] = [
  page({
    method: 'GET',
    path: '/login-links/:token',
    policy: 'public',
    summary: 'Signs a customer in, once',
    async run(ctx) {
      await enterByLink(ctx, String(ctx.params.token));
      ctx.redirect('/');
    },
  }),
];
