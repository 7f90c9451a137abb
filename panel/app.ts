import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import Router from '@koa/router';
import Koa, { type Middleware } from 'koa';
import helmet from 'koa-helmet';
import { z } from 'zod';
import { Refused } from '../provisioning/errors.ts';
import { serveAsset } from './assets/serve.ts';
import { csrf } from './middleware/csrf.ts';
import { errors, notFound } from './middleware/errors.ts';
import { once } from './middleware/idempotency.ts';
import { type Ctx, faultOf, type Route, type State } from './middleware/route.ts';
import { identify } from './middleware/session.ts';
import { body, parse } from './middleware/validate.ts';
import { settings } from './settings.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const LEFT = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE', 'ECANCELED']);
const NOTHING = z.strictObject({});

/** Finds the routes of every feature: what its `api.ts` and `pages.ts` export as `routes`. */
export async function findRoutes(): Promise<Route[]> {
  const folders = readdirSync(HERE, { withFileTypes: true }).filter(entry => entry.isDirectory());
  const found: Route[] = [];
  for (const { name } of folders) {
    for (const file of readdirSync(join(HERE, name)).filter(file => file === 'api.ts' || file === 'pages.ts')) {
      const mouth = (await import(pathToFileURL(join(HERE, name, file)).href)) as { routes?: Route[] };
      if (!mouth.routes) throw new Error(`panel/${name}/${file} exports no routes.`);
      found.push(...mouth.routes);
    }
  }
  return found;
}

/** Throws Refused unless the actor may call the route. Pages that are not for someone do not exist for them. */
function allow(ctx: Ctx, route: Route): void {
  const { actor } = ctx.state;
  const { policy } = route;
  if (policy === 'public') return;
  if (actor.kind === 'nobody') {
    throw new Refused(
      'sign-in-first',
      'Sign in first.',
      'Send “Authorization: Bearer <token>” with an API token, or sign in to the panel.',
      {
        status: 401,
        fields: [{ field: 'Authorization', message: 'send an API token' }],
      },
    );
  }
  if (policy === 'person') return;
  if (typeof policy === 'string') {
    if (actor.role !== policy) throw route.kind === 'page' ? notFound() : missing(policy);
  } else if (!actor.scopes.has(policy.scope)) throw missing(policy.scope);
}

function missing(what: string): Refused {
  return new Refused('not-allowed', `This needs ${what}, which you do not have.`, `Use a token or an account with ${what}.`, {
    status: 403,
  });
}

async function answerApi(ctx: Ctx, route: Route): Promise<void> {
  const input = ctx.request.body ?? {};
  const call = {
    ctx,
    actor: ctx.state.actor,
    params: ctx.params as Record<string, string>,
    body: parse(route.body ?? NOTHING, input),
    query: parse(route.query ?? NOTHING, { ...ctx.query }, 'query'),
  };
  ctx.set('Cache-Control', 'no-store');
  const kept = await once(ctx, async () => {
    const said = await route.run(ctx, call);
    // A route may say another status by itself, such as 200 for a dry run.
    return { status: ctx.status === 404 ? route.status : ctx.status, body: said === undefined ? '' : JSON.stringify(said) };
  });
  if (ctx.respond === false || ctx.body !== undefined) return;
  ctx.status = kept.body ? kept.status : 204;
  if (kept.body) {
    ctx.type = 'application/json';
    ctx.body = kept.body;
  }
}

/** What one route does with a request that reached it: may they, is it well formed, has it been done already, do it. */
function handler(route: Route): Middleware {
  return async context => {
    const ctx = context as unknown as Ctx;
    // No name in an address holds anything else, so there is nothing to find.
    if (Object.values(ctx.params as Record<string, string>).some(param => !/^[\x21-\x7e]*$/.test(param))) throw notFound();
    allow(ctx, route);
    if (route.kind === 'api') return answerApi(ctx, route);
    ctx.set('Cache-Control', 'no-store');
    await route.run(ctx, { ctx, actor: ctx.state.actor, params: ctx.params, body: ctx.request.body, query: ctx.query });
  };
}

/** Answers a known path with an unknown method: 405 with what it takes, for signed-in callers only. */
function wrongMethod(routes: readonly Route[], router: Router): Middleware {
  return async (context, next) => {
    await next();
    const ctx = context as unknown as Ctx;
    if (ctx.status !== 404 || ctx.body !== undefined) return;
    const taken = routes.filter(route => router.match(ctx.path, route.method).pathAndMethod.some(layer => layer.path === route.path));
    if (taken.length === 0 || ctx.state.actor.kind === 'nobody') return;
    ctx.set('Allow', [...new Set(taken.map(route => route.method))].join(', '));
    throw new Refused('wrong-method', `${ctx.method} does nothing here.`, 'The header Allow names what does.', { status: 405 });
  };
}

function headers(): Middleware {
  const https = settings().origin.startsWith('https:');
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    strictTransportSecurity: https ? { maxAge: 31_536_000 } : false,
    // `same-origin` rather than helmet's `no-referrer`: with the latter browsers send `Origin: null` for our own forms.
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'same-origin' },
  }) as unknown as Middleware;
}

/** The panel as one Koa application. Throws when a route has no policy. */
export function makeApp(routes: readonly Route[]): Koa<State> {
  const fault = faultOf(routes);
  if (fault) throw new Error(`The panel does not start: ${fault}`);
  const app = new Koa<State>();
  app.context.routes = routes;
  const router = new Router({ exclusive: 'specificity', sensitive: true });
  for (const route of routes) router.register(route.path, [route.method], handler(route));
  const chain = [errors, headers(), assets, identify, body, csrf, wrongMethod(routes, router), router.routes()] as Middleware[];
  for (const middleware of chain) app.use(middleware as unknown as Koa.Middleware<State>);
  // A reader who leaves in the middle of an answer is nobody's fault.
  app.on('error', (error: NodeJS.ErrnoException) => LEFT.has(error.code ?? '') || console.error('after the answer:', error));
  return app;
}

const assets: Middleware = (ctx, next) => (serveAsset(ctx as unknown as Koa.Context) ? undefined : next());
