import { attempt, backTo, type Fault, form, ownAccount, render, standing, themeOf } from '../middleware/page.ts';
import { type Ctx, page, type Route } from '../middleware/route.ts';
import { changeOwnPassword, signIn, signOut } from '../middleware/sign-in.ts';
import { bytes, count } from '../middleware/words.ts';
import { planOf } from '../plans/queries.ts';
import type { Actor } from './actor.ts';
import { dropAside, endLook } from './look.ts';

function showSignIn(ctx: Ctx, next: string, fault?: Fault): void {
  render(ctx, 'people/sign-in', { title: 'Sign in', frame: 'bare', next, ...fault });
}

async function settingsOf(actor: Actor): Promise<Record<string, unknown>> {
  if (actor.role !== 'customer') return { account: null };
  const account = await ownAccount(actor);
  const limits = account.plan ? (await planOf(actor, account.plan))?.limits : null;
  if (!limits) return { account: null, ...standing(account) };
  const rows = [
    ['Memory', bytes(limits.memoryMb * 1_048_576)],
    ['Processor', `${count(limits.cpuPercent)} % of a core`],
    ['Disk', bytes(limits.diskMb * 1_048_576)],
    ['Apps', `${account.apps} of ${count(limits.apps)}`, [account.apps, limits.apps]],
    ['Databases', `${account.databases} of ${count(limits.databases)}`, [account.databases, limits.databases]],
  ];
  return { account: { plan: account.plan, rows }, ...standing(account) };
}

async function showSettings(ctx: Ctx, actor: Actor, fault?: Fault): Promise<void> {
  render(ctx, 'people/settings', { title: 'Settings', here: 'settings', ...(await settingsOf(actor)), ...fault });
}

/** Signing in and out, one's own settings, and the colours. */
export const routes: Route[] = [
  page({
    method: 'GET',
    path: '/',
    policy: 'person',
    run: (ctx, actor) => ctx.redirect(actor.role === 'admin' ? '/admin' : '/apps'),
  }),
  page({
    method: 'GET',
    path: '/sign-in',
    policy: 'public',
    run(ctx, actor) {
      if (actor.kind === 'person') ctx.redirect('/');
      else showSignIn(ctx, backTo(ctx.query.next));
    },
  }),
  page({
    method: 'POST',
    path: '/sign-in',
    policy: 'public',
    async run(ctx) {
      const { login = '', password = '', next } = form(ctx);
      await attempt(
        ctx,
        async () => {
          await signIn(ctx, login, password);
          ctx.redirect(backTo(next));
        },
        fault => showSignIn(ctx, backTo(next), { ...fault, errors: {}, values: { login } }),
      );
    },
  }),
  page({
    method: 'POST',
    path: '/sign-out',
    policy: 'person',
    async run(ctx) {
      await dropAside(ctx);
      await signOut(ctx);
      ctx.redirect('/sign-in');
    },
  }),
  page({ method: 'POST', path: '/look/end', policy: 'customer', run: ctx => endLook(ctx) }),
  page({ method: 'GET', path: '/settings', policy: 'person', run: (ctx, actor) => showSettings(ctx, actor) }),
  page({
    method: 'POST',
    path: '/settings/password',
    policy: 'person',
    async run(ctx, actor) {
      const { old = '', password = '' } = form(ctx);
      await attempt(
        ctx,
        async () => {
          await changeOwnPassword(ctx, old, password);
          ctx.redirect('/settings?done=password');
        },
        fault => showSettings(ctx, actor, { ...fault, values: {} }),
      );
    },
  }),
  page({
    method: 'POST',
    path: '/theme',
    policy: 'public',
    run(ctx) {
      const { theme, back } = form(ctx);
      const choice = theme === 'switch' ? (themeOf(ctx) === 'dark' ? 'light' : 'dark') : theme;
      if (choice === 'light' || choice === 'dark' || choice === 'auto')
        ctx.append('Set-Cookie', `berth-theme=${choice}; Path=/; Max-Age=31536000; SameSite=Lax`);
      ctx.redirect(backTo(back));
    },
  }),
];
