import { timingSafeEqual } from 'node:crypto';
import type { Next } from 'koa';
import { Refused } from '../../provisioning/errors.ts';
import { isLoopbackName, settings } from '../settings.ts';
import type { Ctx } from './route.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const HELP = 'Open the page of the panel again and repeat what you did there.';

/** Whether a host of a Host or Origin header is this panel: the configured one, or this machine when the panel is only there. */
function isOurs(host: string): boolean {
  const { origin, loopback } = settings();
  if (host === new URL(origin).host) return true;
  return loopback && URL.canParse(`http://${host}`) && isLoopbackName(new URL(`http://${host}`).hostname);
}

function refuse(code: string, message: string): never {
  throw new Refused(code, message, HELP, { status: 403 });
}

/** Stops what another site asks in a signed-in person's name. Requests with a Bearer token come from no browser page and pass. */
export async function csrf(ctx: Ctx, next: Next): Promise<void> {
  if (ctx.state.actor.kind === 'token') return next();
  // A foreign name that leads here (DNS rebinding) must not read pages either.
  if (!isOurs(ctx.host) && ctx.path !== '/api/v1/health') {
    throw new Refused(
      'wrong-address',
      `This panel is not ${ctx.host}.`,
      `Use ${settings().origin}, or start the panel with BERTH_PANEL_ORIGIN set to the address you use.`,
      {
        status: 421,
      },
    );
  }
  if (!SAFE.has(ctx.method)) {
    sameOrigin(ctx);
    if (ctx.state.csrf) ownForm(ctx, ctx.state.csrf);
  }
  return next();
}

function sameOrigin(ctx: Ctx): void {
  const site = ctx.get('Sec-Fetch-Site');
  const origin = ctx.get('Origin');
  if (site && site !== 'same-origin') refuse('cross-site', 'This request came from another site.');
  if (origin) {
    const host = URL.canParse(origin) ? new URL(origin).host : '';
    if (!isOurs(host) || host !== ctx.host) refuse('cross-site', 'This request came from another site.');
  }
  // A browser sends at least one of the two; a form post without both is no page of ours.
  if (!site && !origin && ctx.state.session) refuse('no-origin', 'This request does not say which page it came from.');
}

function ownForm(ctx: Ctx, expected: string): void {
  const fields = ctx.request.body as Record<string, unknown> | undefined;
  const sent = ctx.get('X-CSRF-Token') || (typeof fields?._csrf === 'string' ? fields._csrf : '');
  const [a, b] = [Buffer.from(sent), Buffer.from(expected)];
  if (a.length !== b.length || !timingSafeEqual(a, b)) refuse('csrf', 'This form is no longer valid.');
  if (fields && '_csrf' in fields) delete fields._csrf;
}
