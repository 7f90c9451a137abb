import { PassThrough, pipeline } from 'node:stream';
import { z } from 'zod';
import { api, type Route } from '../middleware/route.ts';
import { eventHeaders } from '../middleware/stream.ts';
import { logOf } from './actions.ts';

/** Logs over REST: the panel hands on what the host sends. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: '/api/v1/accounts/:username/apps/:app/logs',
    policy: { scope: 'apps:read' },
    summary: "An app's log as text lines, or as server-sent events with follow=1",
    query: z.strictObject({
      stream: z.enum(['app', 'access', 'build']).default('app'),
      lines: z.coerce.number().int().min(0).max(5000).default(200),
      follow: z.enum(['0', '1']).default('0'),
    }),
    async run({ ctx, actor, params, query }) {
      const gone = new AbortController();
      ctx.res.once('close', () => gone.abort());
      const follow = query.follow === '1';
      const log = await logOf(actor, params.username!, params.app!, { ...query, follow }, gone.signal);
      const body = new PassThrough();
      if (follow) {
        eventHeaders(ctx);
        body.write('retry: 2000\n\n');
        // Asked again after half an hour who they are.
        setTimeout(() => gone.abort(), 1_800_000).unref();
      } else {
        ctx.status = 200;
        ctx.type = 'text/plain; charset=utf-8';
        ctx.set('X-Content-Type-Options', 'nosniff');
      }
      ctx.body = body;
      // A reader who leaves, or a host that goes away, ends the stream; neither is a fault of ours.
      pipeline(log, body, () => body.end());
    },
  }),
];
