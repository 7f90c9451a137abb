import { CUSTOMER_SCOPES, NOBODY, SCOPES } from '../../../panel/people/actor.ts';
import * as f from './fixtures.ts';

const c = { actor: f.customer, csrf: 'csrf' };
const a = { actor: f.admin, csrf: 'csrf' };
const bare = { actor: NOBODY, csrf: '', frame: 'bare' };
const inApp = { ...c, here: 'apps', app: f.oneApp };
const recipe = {
  ...f.recipes[0]!,
  owner: true,
  description: 'Write, preview and publish pages in an editor that stays out of the way. Built on Django.',
  homepage: 'https://wagtail.org/',
  questions: [
    { id: 'site_name', label: 'Site name', type: 'string', help: 'Shown at the top of every page.', default: 'My site', maxLength: 60 },
    { id: 'email', label: 'Your e-mail', type: 'email', default: 'ada@example.org', maxLength: 200 },
    { id: 'look', label: 'Look', type: 'select', default: 'calm', options: ['calm', 'loud'] },
  ],
};
const plan = { steps: f.jobs.running.steps, problem: null };
const form = {
  ...c,
  name: 'wagtail',
  here: 'apps',
  account: { username: 'ada', email: 'ada@example.org' },
  recipe,
  addressHint: '<name>-ada.localhost:8080',
  openDetails: false,
};
const summary = {
  span: 'the last hour',
  sentence: 'Asleep for 41 of the last 60 minutes. Memory reached its limit 2 times.',
  rows: [
    { name: 'CPU', now: '0 %', usual: '3 %', highest: '41 % at 10:03' },
    { name: 'Memory', now: '42 MB', usual: '40 MB', highest: '512 MB at 10:04' },
  ],
};
const fields = [
  { name: 'memoryMb', label: 'Memory', unit: 'MB', value: 1024, min: 64, max: 1_048_576, hint: 'All apps of an account together.' },
  { name: 'cpuPercent', label: 'Processor', unit: '%', value: 200, min: 5, max: 102_400, hint: '100 % is one core.' },
  { name: 'apps', label: 'Apps', unit: '', value: 10, min: 0, max: 10_000, hint: '' },
];
const accountPage = {
  ...a,
  here: 'accounts',
  account: f.account,
  apps: f.apps,
  jobs: f.jobRows,
  usage: f.usage,
  usageSince: f.now - 9e7,
  link: null,
  plans: ['small', 'large'],
};
const crumbs = [
  ['Activity', '/activity'],
  ['Add blog', null],
];
const tokens = [
  { id: 1, name: 'billing', owner: 'admin', scopes: [...SCOPES], usedAt: f.now - 2e4, createdAt: f.now - 8e9 },
  { id: 2, name: f.long, owner: 'ada', scopes: CUSTOMER_SCOPES.slice(0, 2), usedAt: null, createdAt: f.now },
];
const attention = [
  {
    word: 'Failed',
    title: 'Add blog (Wagtail) for ada',
    sentence: 'pip could not reach the package index for 60 seconds.',
    url: '/admin/jobs/12',
    at: f.now - 5e5,
  },
  {
    word: 'Away',
    title: 'host-with-a-rather-long-name.example.org',
    sentence: 'Its sites go on; changes wait until it answers.',
    url: '/admin/hosts/x',
    at: f.now - 7e5,
  },
  { word: 'Nearly full', tone: 'busy', title: 'Disk of local', sentence: '96 of 100 GB are used.', url: '/admin/hosts/local', at: null },
];
const figures = [
  { name: 'Accounts', value: '1 204', sub: '2 suspended' },
  { name: 'Apps awake', value: '31', sub: 'of 2 209; the rest sleeps' },
  { name: 'Memory of apps', value: '1.9 GB', sub: '62 MB each' },
  { name: 'Median wake', value: '34 ms', sub: 'the last wake of each app' },
];
const busiest = [{ account: 'ada', memoryBytes: 210 * f.MB, requests: 12_400, awake: 2, apps: 3 }];
const entries = [{ at: f.now - 1e5, who: 'admin as ada', did: 'Suspended an account', to: f.long, peer: '203.0.113.9' }];
const problemPage = (status: number, detail: string, help: string) => ({
  problem: { status, title: 'The request cannot be done as it stands', detail, help, errors: [] as object[] },
  path: '/apps',
  id: '9b2f',
});

/** What each view is drawn with: nothing, one, many, very long names, a failure. */
export const scenes: Record<string, Record<string, object>> = {
  'people/sign-in': {
    plain: { ...bare, next: '' },
    wrong: {
      ...bare,
      next: '/apps',
      values: { login: 'ada' },
      problem: { title: 'That is not the password of ada.', help: 'Try again in 40 seconds.' },
    },
  },
  'people/settings': {
    customer: {
      ...c,
      here: 'settings',
      account: {
        plan: 'small',
        rows: [
          ['Memory', '1 GB'],
          ['Apps', '3 of 10', [3, 10]],
        ],
      },
    },
    admin: { ...a, here: 'settings', account: null },
    looking: { ...c, actor: f.looking, here: 'settings', account: null },
  },
  'apps/list': {
    many: { ...c, here: 'apps', apps: f.apps, recipes: f.recipes, limit: 10, canAdd: true, whyNot: '' },
    nothing: { ...c, here: 'apps', apps: [], recipes: f.recipes, limit: 10, canAdd: true, whyNot: '' },
    suspended: {
      ...c,
      actor: f.looking,
      here: 'apps',
      apps: f.apps.slice(0, 1),
      recipes: f.recipes,
      limit: 1,
      canAdd: false,
      whyNot: 'Your plan holds 1 app.',
      suspended: { reason: 'Invoice 4711 is open' },
    },
  },
  'apps/doors': {
    many: { ...c, here: 'apps', finished: f.recipes.slice(0, 1), starters: f.recipes.slice(1), whyNot: '' },
    nothing: { ...c, here: 'apps', finished: [], starters: [], whyNot: 'Your plan holds 1 app, and there is one.' },
  },
  'apps/form': {
    plain: { ...form, plan },
    wrong: {
      ...form,
      plan: { steps: [], problem: f.refusal },
      problem: f.refusal,
      errors: { name: 'use a lower-case letter first' },
      values: { name: '9' },
      openDetails: true,
    },
  },
  'apps/preview': { plan: { plan }, nothing: { plan: null }, wrong: { plan: { steps: [], problem: f.refusal } } },
  'apps/overview': {
    running: { ...inApp, tab: 'overview', job: null, owner: true, building: false, log: f.log },
    building: {
      ...inApp,
      app: { ...f.oneApp, ...f.apps[3] },
      tab: 'overview',
      job: f.jobs.running,
      owner: false,
      building: true,
      log: null,
    },
    failed: {
      ...inApp,
      app: { ...f.oneApp, ...f.apps[2], name: 'club' },
      tab: 'overview',
      job: f.jobs.failed,
      owner: false,
      building: false,
      log: { lines: [], problem: 'The host does not answer.' },
    },
  },
  'apps/settings': {
    plain: {
      ...inApp,
      tab: 'settings',
      builtIn: ['DATABASE_URL', 'SECRET_KEY'],
      revealed: false,
      covered: true,
      env: [
        { key: 'DEBUG', value: '', hidden: true },
        { key: '1x', value: 'y', error: 'use capital letters' },
        { key: '', value: '' },
      ],
    },
  },
  'apps/remove': {
    plain: { ...inApp },
    wrong: { ...inApp, app: { ...f.oneApp, database: null }, problem: f.refusal, errors: { confirm: 'type blog' } },
  },
  'apps/owner': {
    shown: { ...inApp, owner: { user: 'ada', password: 'correct-horse-battery', url: `${f.oneApp.url}admin/` } },
    gone: { ...inApp, owner: null },
  },
  'jobs/job': Object.fromEntries(Object.entries(f.jobs).map(([name, job]) => [name, { ...c, here: 'activity', job, crumbs }])),
  'jobs/list': {
    customer: { ...c, here: 'activity', jobs: f.jobRows, next: null, filtered: false },
    hoster: { ...a, here: 'jobs', jobs: f.jobRows, next: '/admin/jobs?before=1', filter: { state: '', account: '' }, filtered: false },
    nothing: { ...a, here: 'jobs', jobs: [], next: null, filter: { state: 'failed', account: '' }, filtered: true },
  },
  'logs/log': {
    many: {
      ...inApp,
      tab: 'log',
      log: { ...f.log, lines: Array.from({ length: 6 }, () => f.log.lines).flat() },
      events: '/x',
      filter: { stream: 'all', level: '', q: '' },
    },
    nothing: { ...inApp, tab: 'log', log: { lines: [] }, events: '/x', filter: { stream: 'app', level: 'error', q: 'x' } },
  },
  'resources/resources': { plain: { ...inApp, tab: 'resources', range: '1h', summary } },
  'databases/list': {
    many: { ...c, here: 'databases', databases: f.databases, limit: 10, account: 'ada', whyNot: '' },
    nothing: {
      ...c,
      here: 'databases',
      databases: [],
      limit: 10,
      account: 'ada',
      whyNot: '',
      problem: f.refusal,
      errors: { name: 'taken' },
    },
  },
  'databases/database': {
    covered: { ...c, here: 'databases', db: f.database },
    shown: { ...c, here: 'databases', db: { ...f.database, app: null, password: 's3cretPasswordOfMine' } },
  },
  'overview/overview': {
    many: { ...a, here: 'overview', attention, figures, hosts: f.hosts, busiest },
    calm: { ...a, here: 'overview', attention: [], figures, hosts: f.hosts.slice(0, 1), busiest: [] },
  },
  'accounts/list': {
    many: {
      ...a,
      here: 'accounts',
      accounts: f.accounts,
      total: 1204,
      plans: ['small'],
      filter: { q: '', state: '', plan: '' },
      filtered: false,
      next: '/x',
    },
    nothing: {
      ...a,
      here: 'accounts',
      accounts: [],
      total: 0,
      plans: [],
      filter: { q: '', state: '', plan: '' },
      filtered: false,
      next: null,
    },
  },
  'accounts/new': {
    plain: { ...a, here: 'accounts', plans: ['small'], hosts: ['local'], openDetails: false },
    wrong: {
      ...a,
      here: 'accounts',
      plans: ['small'],
      hosts: ['local'],
      openDetails: true,
      problem: f.refusal,
      errors: { username: 'this name is reserved' },
      values: { username: 'root' },
    },
    noplan: { ...a, plans: [], hosts: [] },
  },
  'accounts/account': {
    active: { ...accountPage, link: 'http://localhost:8000/sign-in/link/abc' },
    suspended: { ...accountPage, account: { ...f.account, ...f.accounts[1], state: 'suspended' }, apps: [], jobs: [], usage: [] },
  },
  'accounts/remove': {
    plan: { ...a, here: 'accounts', account: f.account, plan: f.jobs.running.steps, planProblem: '' },
    away: {
      ...a,
      here: 'accounts',
      account: f.account,
      plan: null,
      planProblem: 'The host does not answer, so the list cannot be shown now.',
      problem: f.refusal,
    },
  },
  'hosts/list': { many: { ...a, here: 'hosts', hosts: f.hosts }, nothing: { ...a, here: 'hosts', hosts: [] } },
  'hosts/host': {
    plain: { ...a, here: 'hosts', host: f.host, range: '1h', summary: '' },
    away: {
      ...a,
      here: 'hosts',
      host: { ...f.hosts[1], versions: [], drift: null, figures: null },
      range: '24h',
      summary: 'The host does not answer.',
    },
  },
  'plans/list': { many: { ...a, here: 'plans', plans: f.plans }, nothing: { ...a, here: 'plans', plans: [] } },
  'plans/plan': {
    new: { ...a, here: 'plans', plan: null, fields },
    edit: { ...a, here: 'plans', plan: f.plans[0], fields },
    empty: { ...a, here: 'plans', plan: f.plans[1], fields, problem: f.refusal },
  },
  'catalog/list': {
    many: { ...a, here: 'catalogue', recipes: f.recipes.map(r => ({ ...r, python: '>=3.10', installed: 2 })) },
    nothing: { ...a, here: 'catalogue', recipes: [] },
  },
  'audit/list': {
    many: { ...a, here: 'audit', entries, chain: { tone: 'good', word: 'Chain whole', fact: '' }, filter: { q: '' }, next: null },
    nothing: { ...a, here: 'audit', entries: [], chain: null, filter: { q: 'x' }, next: null },
  },
  'tokens/list': {
    many: { ...a, here: 'tokens', tokens, scopes: SCOPES, fresh: 'berth_abcdef' },
    nothing: { ...a, here: 'tokens', tokens: [], scopes: SCOPES, fresh: null },
  },
  'search/results': {
    many: { ...c, jump: 'blog', results: [{ icon: 'apps', url: '/apps/blog', title: 'blog', sub: 'App' }] },
    nothing: { ...c, jump: '<b>', results: [] },
  },
  error: {
    missing: { ...c, ...problemPage(404, '', '') },
    ours: { ...a, ...problemPage(500, 'Something went wrong inside the panel.', 'Try again.') },
    nobody: { ...bare, ...problemPage(403, 'The form was too old.', 'Load the page again.') },
  },
};
