import { appOf } from '../apps/actions.ts';
import { appPage, saidOf } from '../apps/view.ts';
import type { Series } from '../hosts/client.ts';
import { faultOf, ownAccount, render } from '../middleware/page.ts';
import { page, type Route } from '../middleware/route.ts';
import { resourcesOf } from './actions.ts';
import { metOf } from './met.ts';
import { framed, NAMES, rangeOf, summaryOf } from './summary.ts';

/** What an app used, over time. */
export const routes: Route[] = [
  page({
    method: 'GET',
    path: '/apps/:name/resources',
    policy: 'customer',
    async run(ctx, actor) {
      const { account, app, locals } = await appPage(ctx, actor, 'resources');
      const range = rangeOf(ctx.query.range);
      const nothing: Series = { step: 60, points: [] };
      let problem: object | null = null;
      const series = await resourcesOf(actor, account.username, app.name, range).catch(error => {
        problem = faultOf(ctx, error).problem;
        return nothing;
      });
      ctx.status = 200;
      render(ctx, 'resources/resources', {
        ...{ ...locals, range, problem, summary: summaryOf(series, range) },
        met: metOf(series, account.limits, `in ${NAMES[range]}`),
      });
    },
  }),
  page({
    method: 'GET',
    path: '/apps/:name/resources.json',
    policy: 'customer',
    async run(ctx, actor) {
      const account = await ownAccount(actor);
      const app = await appOf(actor, account.username, String(ctx.params.name));
      const range = rangeOf(ctx.query.range);
      const series = await resourcesOf(actor, account.username, app.name, range);
      const { memoryMb, cpuPercent } = account.limits ?? { memoryMb: 0, cpuPercent: 0 };
      const limits = { memoryBytes: memoryMb * 1_048_576, cpuPercent };
      ctx.body = { ...framed(series, range), limits, said: saidOf(app), sentence: 'Fresh every 10 seconds.' };
    },
  }),
];
