import { render } from '../middleware/page.ts';
import { page, type Route } from '../middleware/route.ts';
import { settings } from '../settings.ts';
import { theDocument } from './document.ts';
import { operations } from './view.ts';

/** The API, for people: the same document that programs read. */
export const routes: Route[] = [
  page({
    method: 'GET',
    path: '/docs',
    policy: 'public',
    run(ctx) {
      const groups = operations(theDocument(ctx));
      render(ctx, 'openapi/docs', { title: 'API', frame: 'bare', origin: settings().origin, groups });
    },
  }),
  page({ method: 'GET', path: '/api/v1/docs', policy: 'public', run: ctx => ctx.redirect('/docs') }),
];
