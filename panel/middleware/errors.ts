import { randomUUID } from 'node:crypto';
import type { Next } from 'koa';
import { Failed, type FieldError, Refused } from '../../provisioning/errors.ts';
import { isDatabaseAway } from '../db/pool.ts';
import { TooMany } from './limit.ts';
import { draw } from './render.ts';
import type { Ctx } from './route.ts';

/** An RFC 9457 problem document as this panel writes it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  help: string;
  errors: FieldError[];
}

const TITLES: Record<number, string> = {
  400: 'The request cannot be read',
  401: 'Sign in first',
  403: 'This is not allowed',
  404: 'There is nothing here',
  405: 'This address does not take that method',
  409: 'This is in the way of something else',
  413: 'The request is too large',
  415: 'The request is in a form that is not understood',
  421: 'This is not the address of the panel',
  422: 'The request cannot be done as it stands',
  429: 'Too many attempts',
  500: 'The panel made a mistake',
  502: 'The host said no',
  503: 'This does not answer now',
};

/** What there is to say to the caller about an error. Bugs say nothing but an id that the log explains. */
export function problemOf(error: unknown, id: string): Problem {
  if (error instanceof Refused) {
    const { status, code, message, help, fields } = error;
    return problem(status, code, message, help, fields);
  }
  if (error instanceof Failed) {
    const away = error.exit === null;
    return problem(away ? 503 : 502, away ? 'host-away' : 'host-failed', error.message, error.help || 'Try again in a minute.', []);
  }
  if (isDatabaseAway(error)) {
    const detail = 'The database of the panel does not answer. Sites are not touched by this.';
    return problem(503, 'database-away', detail, 'Try again in a minute; if it lasts, tell your hoster.', []);
  }
  const detail = `Something went wrong inside the panel. Nothing more is known to you than its number: ${id}.`;
  return problem(
    500,
    'bug',
    detail,
    'Try again. If it happens again, give that number to your hoster: the log of the panel explains it.',
    [],
  );
}

function problem(status: number, code: string, detail: string, help: string, errors: FieldError[]): Problem {
  return { type: `urn:berth:problem:${code}`, title: TITLES[status] ?? 'This cannot be done', status, code, detail, help, errors };
}

/** Whether an answer should be JSON rather than a page. */
export function wantsJson(ctx: Ctx): boolean {
  return ctx.path.startsWith('/api/') || ctx.accepts('html', 'json') === 'json';
}

/** The one place where errors become answers. */
export async function errors(ctx: Ctx, next: Next): Promise<void> {
  ctx.state.id = randomUUID();
  try {
    await next();
    if (ctx.status === 404 && ctx.body === undefined) throw notFound();
  } catch (error) {
    const said = problemOf(error, ctx.state.id);
    if (said.code === 'database-away') console.error(`the panel database is away: ${(error as Error).message}`);
    if (said.code === 'bug') console.error(`bug ${ctx.state.id} ${ctx.method} ${ctx.path}`, error);
    if (ctx.headerSent || ctx.res.writableEnded) return;
    answer(ctx, said);
    if (error instanceof TooMany) ctx.set('Retry-After', String(error.seconds));
  }
}

function answer(ctx: Ctx, said: Problem): void {
  ctx.status = said.status;
  ctx.set('Cache-Control', 'no-store');
  if (said.status === 401) ctx.set('WWW-Authenticate', 'Bearer realm="berth"');
  if (wantsJson(ctx)) {
    ctx.body = JSON.stringify(said);
    ctx.type = 'application/problem+json';
    return;
  }
  if (said.status === 401 && ctx.method === 'GET') {
    ctx.redirect(`/sign-in?next=${encodeURIComponent(ctx.url)}`);
    return;
  }
  ctx.type = 'html';
  ctx.body = draw('error', { problem: said, actor: ctx.state.actor, csrf: ctx.state.csrf, path: ctx.path, id: ctx.state.id });
}

/** The same answer for what is not there and for what belongs to somebody else. */
export function notFound(what = 'page'): Refused {
  return new Refused('not-found', `There is no such ${what}.`, 'Check the name; lists show what there is.', { status: 404 });
}
