import { NOBODY } from '../../../panel/people/actor.ts';
import * as f from './fixtures.ts';
import { hosterScenes } from './hoster.ts';

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
const crumbs = [
  ['Activity', '/activity'],
  ['Add blog', null],
];
const problemPage = (status: number, detail: string, help: string) => ({
  problem: { status, title: 'The request cannot be done as it stands', detail, help, errors: [] as object[] },
  path: '/apps',
  id: '9b2f',
});

/** What customers see. */
const customerScenes: Record<string, Record<string, object>> = {
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
    large: { ...inApp, app: f.largeApp, tab: 'overview', job: null, owner: false, building: false, log: f.log },
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
    large: { ...inApp, app: f.largeApp, tab: 'settings', builtIn: ['DATABASE_URL'], revealed: false, covered: false, env: [] },
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
  'resources/resources': {
    plain: { ...inApp, tab: 'resources', range: '1h', summary, met: [] },
    met: {
      ...{ ...inApp, tab: 'resources', range: '24h', summary },
      met: ['Memory', 'Open files'].map(what => ({ what, sentence: f.long, next: 'Look for <b>what</b> is never closed.' })),
    },
  },
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

/** What each view is drawn with: nothing, one, many, very long names, a failure. */
export const scenes: Record<string, Record<string, object>> = { ...customerScenes, ...hosterScenes };
