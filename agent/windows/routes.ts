import { PassThrough } from 'node:stream';
import type Router from '@koa/router';
import type Koa from 'koa';
import { Refused } from '../../provisioning/errors.ts';
import type { Parts } from '../parts.ts';
import { hostFacts } from './host.ts';
import { follow, tail } from './logs.ts';
import { RANGES, type Range } from './series.ts';
import { usageRoutes } from './usage.ts';

const STREAMS = ['app', 'access', 'build'] as const;

function rangeOf(ctx: Koa.Context): Range {
  const range = String(ctx.query.range ?? '1h');
  if (range in RANGES) return range as Range;
  const fields = [{ field: 'range', message: `use one of ${Object.keys(RANGES).join(', ')}` }];
  throw new Refused('range-unknown', `There is no range "${range}".`, '', { fields });
}

function followLog(ctx: Koa.Context, path: string, seen: Awaited<ReturnType<typeof tail>>): void {
  const out = new PassThrough();
  const gone = new AbortController();
  out.on('close', () => gone.abort());
  ctx.type = 'text/event-stream';
  ctx.set('Cache-Control', 'no-cache');
  ctx.body = out;
  const send = (line: string) => out.write(`data: ${line.replaceAll('\r', '')}\n\n`);
  for (const line of seen.lines) send(line);
  // Something now and then keeps proxies from closing a quiet line, and tells us when the reader has left.
  const beat = setInterval(() => out.write(': still here\n\n'), 15_000);
  (async () => {
    for await (const line of follow(path, seen.end, seen.inode, gone.signal)) send(line);
  })()
    .catch(() => {})
    .finally(() => {
      clearInterval(beat);
      out.end();
    });
}

function logRoute(router: Router, { host }: Parts): void {
  router.get('/accounts/:name/apps/:app/logs', async ctx => {
    const stream = STREAMS.find(known => known === (ctx.query.stream ?? 'app'));
    if (!stream) {
      const fields = [{ field: 'stream', message: `use one of ${STREAMS.join(', ')}` }];
      throw new Refused('stream-unknown', `There is no log stream "${ctx.query.stream}".`, '', { fields });
    }
    const lines = Math.min(5000, Math.max(0, Number(ctx.query.lines ?? 200) || 0));
    const path = host.layout.log(ctx.params.name ?? '', ctx.params.app ?? '', stream);
    const seen = await tail(path, lines);
    if (ctx.query.follow === '1') return followLog(ctx, path, seen);
    ctx.type = 'text/plain';
    ctx.body = seen.lines.map(line => `${line}\n`).join('');
  });
}

/** The routes that look and never change anything: load, slots, logs, series, usage. */
export function windowRoutes(router: Router, parts: Parts): void {
  const { host, stats, load, journal } = parts;
  router.get('/host', async ctx => {
    const [facts, slots, accounts] = await Promise.all([hostFacts(host.layout, parts.version), host.slots(''), journal.accounts()]);
    const awake = slots.filter(slot => slot.state === 'running' || slot.state === 'starting').length;
    ctx.body = { ...facts, slots: { total: slots.length, awake }, accounts: accounts.length };
  });
  router.get('/host/series', ctx => {
    ctx.body = load.series(rangeOf(ctx));
  });
  router.get('/slots', async ctx => {
    ctx.body = { slots: await host.slots('') };
  });
  router.get('/accounts/:name/slots', async ctx => {
    ctx.body = { slots: await host.slots(ctx.params.name ?? '') };
  });
  router.get('/accounts/:name/apps/:app/series', async ctx => {
    ctx.body = await stats.series(host.layout.slotName(ctx.params.name ?? '', ctx.params.app ?? ''), rangeOf(ctx));
  });
  logRoute(router, parts);
  usageRoutes(router, parts);
}
