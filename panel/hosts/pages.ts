import { faultOf, render } from '../middleware/page.ts';
import { page, type Route } from '../middleware/route.ts';
import { framed, rangeOf } from '../resources/summary.ts';
import { hostOf, hostSeries, hostsOf } from './actions.ts';
import { hostFigures, hostView } from './view.ts';

/** Hosts, for those who run them. */
export const routes: Route[] = [
  page({
    method: 'GET',
    path: '/admin/hosts',
    policy: 'admin',
    async run(ctx, actor) {
      render(ctx, 'hosts/list', { title: 'Hosts', here: 'hosts', hosts: (await hostsOf(actor)).map(hostView) });
    },
  }),
  page({
    method: 'GET',
    path: '/admin/hosts/:name',
    policy: 'admin',
    async run(ctx, actor) {
      const host = await hostOf(actor, String(ctx.params.name));
      const problem = host.online
        ? null
        : { title: host.problem, help: 'Its sites go on. Changes wait, and are made as soon as it answers.' };
      const view = { ...hostView(host), ...hostFigures(host), drift: null };
      render(ctx, 'hosts/host', { title: host.name, here: 'hosts', host: view, problem, range: rangeOf(ctx.query.range), summary: '' });
    },
  }),
  page({
    method: 'GET',
    path: '/admin/hosts/:name/series.json',
    policy: 'admin',
    async run(ctx, actor) {
      const host = await hostOf(actor, String(ctx.params.name));
      const range = rangeOf(ctx.query.range);
      try {
        const series = await hostSeries(actor, host.name, range);
        const limits = { memoryBytes: host.facts?.memoryBytes, cores: host.facts?.cores };
        ctx.body = { ...framed(series, range), limits, sentence: 'Fresh every 10 seconds.' };
      } catch (error) {
        ctx.body = { problem: faultOf(ctx, error).problem };
      }
    },
  }),
];
