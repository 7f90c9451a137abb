import { accountsOf } from '../accounts/queries.ts';
import * as apps from '../apps/queries.ts';
import { databasesOf } from '../databases/queries.ts';
import { hostsOf } from '../hosts/queries.ts';
import { ownAccount, render, standing } from '../middleware/page.ts';
import { type Ctx, page, type Route } from '../middleware/route.ts';
import type { Actor } from '../people/actor.ts';

/** One place that a search leads to. */
interface Found {
  icon: string;
  url: string;
  title: string;
  sub: string;
}

const CUSTOMER: Found[] = [
  { icon: 'apps', url: '/apps', title: 'Apps', sub: 'Page' },
  { icon: 'plus', url: '/add', title: 'Add app', sub: 'Page' },
  { icon: 'database', url: '/databases', title: 'Databases', sub: 'Page' },
  { icon: 'history', url: '/activity', title: 'Activity', sub: 'Page' },
  { icon: 'settings', url: '/settings', title: 'Settings, password, light and dark', sub: 'Page' },
];
const HOSTER: Found[] = [
  { icon: 'layout-dashboard', url: '/admin', title: 'Overview', sub: 'Page' },
  { icon: 'users', url: '/admin/accounts', title: 'Accounts', sub: 'Page' },
  { icon: 'plus', url: '/admin/open-account', title: 'Open an account', sub: 'Page' },
  { icon: 'server', url: '/admin/hosts', title: 'Hosts', sub: 'Page' },
  { icon: 'ruler-measure', url: '/admin/plans', title: 'Plans', sub: 'Page' },
  { icon: 'list-check', url: '/admin/jobs', title: 'Jobs', sub: 'Page' },
  { icon: 'books', url: '/admin/catalogue', title: 'Catalogue', sub: 'Page' },
  { icon: 'file-search', url: '/admin/audit', title: 'Audit', sub: 'Page' },
  { icon: 'key', url: '/admin/tokens', title: 'API tokens', sub: 'Page' },
];

const asked = (ctx: Ctx) => (typeof ctx.query.q === 'string' ? ctx.query.q.trim().slice(0, 100) : '');

function answer(ctx: Ctx, q: string, found: Found[], around: object): void {
  // One answer is no list: go there.
  if (q && found.length === 1) ctx.redirect(found[0]!.url);
  else render(ctx, 'search/results', { title: 'Search', jump: q, results: found, ...around });
}

async function customer(ctx: Ctx, actor: Actor): Promise<void> {
  const q = asked(ctx);
  const account = await ownAccount(actor);
  const [own, databases] = await Promise.all([apps.appsOf(actor, account.id), databasesOf(actor, account.id)]);
  const all = [
    ...own.map(app => ({ icon: 'box', url: `/apps/${app.name}`, title: app.name, sub: `App · ${app.hosts[0] ?? ''}` })),
    ...databases.map(database => ({ icon: 'database', url: `/databases/${database.name}`, title: database.name, sub: 'Database' })),
    ...CUSTOMER,
  ];
  answer(
    ctx,
    q,
    all.filter(({ title, sub }) => `${title} ${sub}`.toLowerCase().includes(q.toLowerCase())),
    standing(account),
  );
}

async function hoster(ctx: Ctx, actor: Actor): Promise<void> {
  const q = asked(ctx);
  const [accounts, hosts] = q ? await Promise.all([accountsOf(actor, { search: q, limit: 20 }), hostsOf(actor)]) : [[], []];
  const all = [
    ...accounts.map(account => ({
      icon: 'user',
      url: `/admin/accounts/${account.username}`,
      title: account.username,
      sub: `Account · ${account.email}`,
    })),
    ...[...hosts.map(host => ({ icon: 'server', url: `/admin/hosts/${host.name}`, title: host.name, sub: 'Host' })), ...HOSTER].filter(
      ({ title }) => title.toLowerCase().includes(q.toLowerCase()),
    ),
  ];
  answer(ctx, q, all, {});
}

/** The search of the top bar. */
export const routes: Route[] = [
  page({ method: 'GET', path: '/search', policy: 'customer', run: customer }),
  page({ method: 'GET', path: '/admin/search', policy: 'admin', run: hoster }),
];
