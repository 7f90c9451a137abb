import { appOf } from '../apps/actions.ts';
import { appPage } from '../apps/view.ts';
import { ownAccount, render } from '../middleware/page.ts';
import { page, type Route } from '../middleware/route.ts';
import { filterOf, followLines, recentLines } from './read.ts';

/** An app's log: what was written, and what is being written. */
export const routes: Route[] = [
  page({
    method: 'GET',
    path: '/apps/:name/log',
    policy: 'customer',
    async run(ctx, actor) {
      const { account, app, locals } = await appPage(ctx, actor, 'log');
      const filter = filterOf(ctx.query);
      const log = await recentLines(actor, account.username, app.name, filter, 400);
      const events = `/apps/${app.name}/log/events?${new URLSearchParams({ ...filter })}`;
      render(ctx, 'logs/log', { ...locals, log, events, filter });
    },
  }),
  page({
    method: 'GET',
    path: '/apps/:name/log/events',
    policy: 'customer',
    async run(ctx, actor) {
      const account = await ownAccount(actor);
      const app = await appOf(actor, account.username, String(ctx.params.name));
      followLines(ctx, actor, account.username, app.name, filterOf(ctx.query));
    },
  }),
];
