import { Failed, Refused } from '../../provisioning/errors.ts';
import type { Account } from '../accounts/queries.ts';
import { accountOf } from '../accounts/queries.ts';
import type { Actor } from '../people/actor.ts';
import { notFound, problemOf } from './errors.ts';
import { draw } from './render.ts';
import type { Ctx } from './route.ts';

/** What a page says after an errand was done; the address carries only the word. */
const NOTICES: Record<string, string> = {
  password: 'Your password is changed. Everywhere else you are signed out.',
  plan: 'The plan is saved. Its accounts get the new limits within seconds.',
  'plan-new': 'The plan is there. Accounts can be opened on it.',
  'plan-gone': 'The plan is deleted.',
  'token-gone': 'The token is deleted. Programs that use it are refused from now on.',
  'account-plan': 'The account is on another plan.',
  'signed-out': 'You are signed out.',
};

/** The choice of light or dark that the browser told in a cookie. */
export function themeOf(ctx: Ctx): 'light' | 'dark' | 'auto' {
  const said = ctx.cookies.get('berth-theme');
  return said === 'light' || said === 'dark' ? said : 'auto';
}

/** Answers with a view, in the frame of whoever asks. */
export function render(ctx: Ctx, view: string, locals: Record<string, unknown> = {}): void {
  const { actor, csrf } = ctx.state;
  const done = typeof ctx.query.done === 'string' ? NOTICES[ctx.query.done] : undefined;
  ctx.type = 'html';
  ctx.body = draw(view, { actor, csrf, path: ctx.path, theme: themeOf(ctx), notice: done ? { text: done } : null, ...locals });
}

/** The fields of a posted form as text; what a browser sends twice counts once. */
export function form(ctx: Ctx): Record<string, string> {
  const body = (ctx.request.body ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [key, String(Array.isArray(value) ? value[0] : value).replaceAll('\r\n', '\n')]),
  );
}

/** The form's fields that were filled in, for schemas whose fields may be left out. */
export function filled(fields: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value.trim() !== ''));
}

/** What was refused, as a form shows it again: the sentence, the wrong fields, and what had been typed. */
export interface Fault {
  problem: { title: string; help: string };
  errors: Record<string, string>;
  values: Record<string, string>;
}

/** Puts a refusal into the words of a form; rethrows what no form can mend. */
export function faultOf(ctx: Ctx, error: unknown): Fault {
  if (!(error instanceof Refused || error instanceof Failed)) throw error;
  if (error instanceof Refused && error.status === 404) throw error;
  const said = problemOf(error, ctx.state.id);
  const invalid = said.code === 'invalid';
  ctx.status = said.status === 401 ? 403 : said.status;
  if ('seconds' in error) ctx.set('Retry-After', String(error.seconds));
  return {
    problem: {
      title: invalid ? 'This cannot be done as it stands.' : said.detail,
      help: invalid ? 'The marked fields say why. Nothing was changed.' : said.help,
    },
    errors: Object.fromEntries(said.errors.map(({ field, message }) => [field, sentence(message)])),
    values: form(ctx),
  };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

/** Does an errand; when it is refused, shows the form again with what was wrong in its place. */
export async function attempt(ctx: Ctx, work: () => Promise<unknown>, again: (fault: Fault) => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    await again(faultOf(ctx, error));
  }
}

/** The customer's own account. */
export async function ownAccount(actor: Actor): Promise<Account> {
  const account = actor.account ? await accountOf(actor, actor.account) : null;
  if (!account) throw notFound('account');
  return account;
}

/** What customers' pages show on every one of them: a suspension and its reason. */
export function standing(account: Account): { suspended: { reason: string } | null } {
  return { suspended: account.suspended ? { reason: account.reason } : null };
}

/** A path of this panel to go back to; anything else becomes the start page. */
export function backTo(path: unknown): string {
  return typeof path === 'string' && /^\/(?![/\\])[\x21-\x7e]*$/.test(path) ? path : '/';
}
