import type { RouterContext } from '@koa/router';
import type { ParameterizedContext } from 'koa';
import type { z } from 'zod';
import type { Actor, Scope } from '../people/actor.ts';

/** What the chain has found out about a request before its route runs. */
export interface State {
  /** Names this request in logs and in answers to bugs. */
  id: string;
  /** Who asks; NOBODY when nobody has signed in. */
  actor: Actor;
  /** The session's hash, when a cookie brought one. */
  session: string | null;
  /** What a form must send back as `_csrf`, when there is a session. */
  csrf: string | null;
  /** The peer's address, for limits and the audit. */
  peer: string;
}

/** A Koa context of this panel. */
export type Ctx = ParameterizedContext<State> & RouterContext<State>;

/** Who may call a route: anyone, anyone signed in, one role, or a token or person with a scope. */
export type Policy = 'public' | 'person' | 'admin' | 'customer' | { scope: Scope };

/** One line of the route table. */
export interface Route {
  kind: 'api' | 'page';
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  policy: Policy;
  /** One sentence for the OpenAPI document. */
  summary: string;
  body?: z.ZodType;
  query?: z.ZodType;
  answer?: z.ZodType;
  status: number;
  run(ctx: Ctx, call: Call<unknown, unknown>): unknown;
}

/** What an API route gets: validated, and with the actor that may ask. */
export interface Call<B, Q> {
  ctx: Ctx;
  actor: Actor;
  params: Record<string, string>;
  body: B;
  query: Q;
}

/** Declares a JSON route. What `run` returns is the answer; undefined answers 204 unless `run` set a body. */
export function api<B extends z.ZodType = z.ZodType<Record<string, never>>, Q extends z.ZodType = z.ZodType<Record<string, never>>>(route: {
  method: Route['method'];
  path: string;
  policy: Policy;
  summary: string;
  body?: B;
  query?: Q;
  answer?: z.ZodType;
  status?: number;
  run(call: Call<z.infer<B>, z.infer<Q>>): unknown;
}): Route {
  const { run, ...rest } = route;
  return { status: 200, ...rest, kind: 'api', run: (_ctx, call) => run(call as Call<z.infer<B>, z.infer<Q>>) };
}

/** Declares an HTML route. It sets `ctx.body` or redirects by itself and reads forms from `ctx.request.body`. */
export function page(route: {
  method: 'GET' | 'POST';
  path: string;
  policy: Policy;
  summary?: string;
  run(ctx: Ctx, actor: Actor): unknown;
}): Route {
  const { run, ...rest } = route;
  return { summary: '', ...rest, status: 200, kind: 'page', run: (ctx, call) => run(ctx, call.actor) };
}

/** The first fault of a route table, or null: each route needs a policy, and no two may share method and path. */
export function faultOf(routes: readonly Route[]): string | null {
  const seen = new Set<string>();
  for (const route of routes) {
    const name = `${route.method} ${route.path}`;
    const { policy } = route;
    const known = typeof policy === 'string' ? ['public', 'person', 'admin', 'customer'].includes(policy) : Boolean(policy?.scope);
    if (!known) return `${name} has no policy: say who may call it.`;
    if (seen.has(name)) return `${name} is declared twice.`;
    if (route.kind === 'api' && !route.summary) return `${name} has no summary for the API document.`;
    seen.add(name);
  }
  return null;
}
