import Router from '@koa/router';
import Koa from 'koa';
import { Failed, Refused } from '../provisioning/errors.ts';
import { accountName, appName } from '../provisioning/names.ts';
import { readManifest } from './keeper.ts';
import { json, stream } from './mouth.ts';
import type { Parts } from './parts.ts';
import { stackRoutes } from './stacks/routes.ts';
import { trusted } from './trust.ts';
import { windowRoutes } from './windows/routes.ts';

function problem(error: unknown) {
  if (error instanceof Refused) {
    const { code, message, help, fields, status } = error;
    return { type: 'about:blank', title: 'Refused', status, code, detail: message, help, errors: fields };
  }
  if (error instanceof Failed) {
    return {
      type: 'about:blank',
      title: 'The machine said no',
      status: 503,
      code: 'machine-failed',
      detail: error.message,
      help: error.help,
      errors: [],
    };
  }
  const detail = 'The agent met a fault of its own. Its log has the details.';
  return { type: 'about:blank', title: 'Fault', status: 500, code: 'fault', detail, help: 'Report it with the log.', errors: [] };
}

/** Every URL of the agent in one table. */
export function api(parts: Parts, token: string | null): Koa {
  const { keeper } = parts;
  const router = new Router();
  router.get('/health', ctx => {
    ctx.body = { status: 'ok', version: parts.version };
  });
  router.get('/accounts/:name', async ctx => {
    ctx.body = await keeper.state(ctx.params.name ?? '');
  });
  router.post('/accounts/:name/plan', async ctx => {
    const kind = ctx.query.remove === '1' ? 'remove' : 'apply';
    ctx.body = { steps: await keeper.preview(kind, readManifest(await json(ctx), ctx.params.name ?? '')) };
  });
  router.put('/accounts/:name', async ctx => {
    stream(ctx, await keeper.take('apply', readManifest(await json(ctx), ctx.params.name ?? '')));
  });
  router.delete('/accounts/:name', async ctx => {
    stream(ctx, await keeper.take('remove', readManifest(await json(ctx), ctx.params.name ?? '')));
  });
  router.post('/accounts/:name/interrupt', async ctx => {
    ctx.body = { interrupted: await keeper.interrupt(ctx.params.name ?? '') };
  });
  stackRoutes(router, parts);
  windowRoutes(router, parts);

  const app = new Koa();
  app.on('error', () => {});
  app.use(async (ctx, next) => {
    try {
      if (token !== null && !trusted(ctx.req, token))
        throw new Refused('token-wrong', 'The token is missing or wrong.', 'Register this host in the panel again.', { status: 401 });
      await next();
      if (ctx.status === 404 && ctx.body === undefined)
        throw new Refused('no-such-route', `There is no ${ctx.method} ${ctx.path}.`, '', { status: 404 });
    } catch (error) {
      const body = problem(error);
      if (body.status === 500) parts.log(`fault at ${ctx.method} ${ctx.path}: ${error instanceof Error ? error.stack : error}`);
      ctx.status = body.status;
      ctx.body = body;
      ctx.type = 'application/problem+json';
    }
  });
  // Names become paths further down, so no handler ever sees one that is not a name.
  router.param('name', (name, _ctx, next) => checked(accountName.safeParse(name).success, next));
  router.param('app', (name, _ctx, next) => checked(appName.safeParse(name).success, next));
  app.use(router.routes());
  return app;
}

function checked(fine: boolean, next: () => Promise<unknown>): Promise<unknown> {
  if (!fine) throw new Refused('no-such-thing', 'There is nothing by this name.', '', { status: 404 });
  return next();
}
