import { appSaid, type Said } from '../../../panel/middleware/words.ts';
import { type Actor, CUSTOMER_SCOPES, NOBODY, SCOPES } from '../../../panel/people/actor.ts';

export const MB = 1_048_576;
export const now = Date.now();
export const long = 'a'.repeat(31);
const base = { kind: 'person' as const, email: 'ada@example.org', token: null, via: null };

/** A customer, the hoster, and the hoster looking through the customer's eyes. */
export const customer: Actor = {
  ...NOBODY,
  ...base,
  id: 7,
  login: 'ada',
  role: 'customer',
  account: 'ada',
  accountId: 3,
  scopes: new Set(CUSTOMER_SCOPES),
};
export const admin: Actor = { ...NOBODY, ...base, id: 1, login: 'admin', role: 'admin', scopes: new Set(SCOPES) };
export const looking: Actor = { ...customer, via: 'admin' };

export const recipes = [
  {
    id: 'wagtail',
    name: 'Wagtail',
    tagline: 'A website that is a pleasure to edit',
    category: 'cms',
    license: 'BSD-3-Clause',
    database: true,
  },
  {
    id: 'django',
    name: 'Django starter',
    tagline: 'A project with sign-in, admin and a database',
    category: 'starter',
    license: 'MIT',
    database: true,
  },
  {
    id: 'flask',
    name: 'Flask starter',
    tagline: 'One page, one file, ready to grow',
    category: 'starter',
    license: 'MIT',
    database: false,
  },
];

function app(name: string, said: Said, more: object = {}) {
  return {
    name,
    said,
    url: `http://${name}-ada.localhost:8080/`,
    host: `${name}-ada.localhost:8080`,
    canOpen: true,
    icon: 'feather',
    recipeName: 'Wagtail',
    mode: 'on-demand',
    ...{ workers: 1, threads: 1, maxRequests: 0, isolation: 'shared', most: { workers: 4, threads: 16 }, held: '', others: [] },
    changedAt: now - 3e5,
    ...more,
  };
}

export const apps = [
  app('blog', appSaid({ state: 'running', memoryBytes: 42 * MB, memoryMb: 512 })),
  app('shop', appSaid({ state: 'asleep', since: now - 7.2e6, lastWakeMs: 31 }), { recipeName: 'Django starter', icon: 'brand-django' }),
  app('club', appSaid({ state: 'failed', reason: "ModuleNotFoundError: No module named 'requests'" }), {
    recipeName: 'Flask starter',
    icon: 'pepper',
  }),
  app('gallery', appSaid({ state: 'building' })),
  app('old-site', appSaid({ state: 'stopped' }), { mode: 'always-on', changedAt: now - 9e9 }),
  app(long, appSaid({ state: 'suspended' }), { icon: 'no-such-icon' }),
];

export const oneApp = {
  ...apps[0]!,
  ...{
    canOpen: true,
    canStop: true,
    canStart: false,
    release: 1,
    database: 'ada_blog',
    createdAt: now - 8.64e7,
    idleSeconds: 300,
    loginUrl: 'http://blog-ada.localhost:8080/admin/',
  },
  addresses: [
    { host: 'blog-ada.localhost', url: 'http://blog-ada.localhost:8080/', first: true },
    { host: 'blog.example.org', url: 'http://blog.example.org/', first: false },
  ],
};

/** The same app with several processes, of which the newest version does not run. */
export const largeApp = {
  ...oneApp,
  ...{ mode: 'always-on', workers: 4, threads: 8, maxRequests: 5000 },
  held: "The new version failed at start: ModuleNotFoundError: No module named 'requests'; the old one goes on.",
  others: [
    { process: 'queue', said: { tone: 'good', word: 'Running', fact: '42 MB' }, nextRun: null },
    { process: long, said: { tone: 'bad', word: 'Failed', fact: 'ended with exit code 3: no such table: jobs' }, nextRun: null },
    {
      process: 'nightly',
      said: { tone: 'bad', word: 'Last run failed', fact: 'the last run ended with exit code 4 after 3.2 s' },
      nextRun: now + 3.6e7,
    },
  ],
};

const sentences = [
  'Make the unix user ada',
  'Create the database ada_blog',
  'Write the settings of blog',
  'Copy the files of Wagtail',
  'Install 31 Python packages',
  'Make the tables',
  'Collect the static files',
  'Create the owner of blog',
  'Start the slot of blog',
  'Ask blog for its front page',
  'Serve blog-ada.localhost',
];
const pip = 'Collecting wagtail==7.4.3\n  Downloading wagtail-7.4.3-py3-none-any.whl (9.8 MB)\nCollecting Django==5.2.8\n';

function steps(at: number, failed = false) {
  return sentences.map((why, i) => ({
    id: `s${i}`,
    why,
    state: i < at ? 'done' : i === at ? (failed ? 'failed' : 'running') : 'queued',
    startedAt: i <= at ? now - 4000 : null,
    ms: i < at ? 12 + i * 731 : failed && i === at ? 61_000 : null,
    error: failed && i === at ? 'pip could not reach the package index for 60 seconds.' : '',
    help:
      failed && i === at
        ? 'Your site is not touched. Try again; if it happens twice, ask your hoster whether the host may reach the internet.'
        : '',
    output: i === 4 && at >= 4 ? pip.repeat(3) : '',
  }));
}

const job = {
  id: 12,
  title: 'Add blog (Wagtail)',
  by: 'ada',
  account: 'ada',
  app: 'blog',
  host: 'local',
  createdAt: now - 9000,
  finishedAt: null,
  attempts: 1,
  fact: '',
  error: '',
  events: '/activity/12/events',
};
export const jobs = {
  waiting: { ...job, state: 'queued', live: true, steps: [] },
  running: { ...job, state: 'running', live: true, steps: steps(4) },
  failed: { ...job, state: 'failed', live: false, steps: steps(4, true), retry: '/activity/12/retry', finishedAt: now, attempts: 2 },
  done: {
    ...job,
    state: 'done',
    live: false,
    steps: steps(99),
    open: oneApp.url,
    owner: '/apps/blog/owner',
    back: '/apps/blog',
    backWords: 'Go to blog',
    finishedAt: now,
  },
};
export const jobRows = [
  { ...jobs.failed, fact: 'Install 31 Python packages' },
  jobs.running,
  { ...jobs.done, id: 11, title: 'Restart shop' },
  { ...jobs.waiting, id: 10, title: `Delete the app ${long}`, by: 'admin as ada (token 4)' },
];

function line(kind: string, where: string, text: string, c = '') {
  const iso = new Date(now - 6e4).toISOString();
  return { iso, clock: iso.slice(11, 19), kind, where, spans: [{ text, c }] };
}

export const log = {
  problem: '',
  empty: '',
  lines: [
    line('berth', 'Berth', 'woke in 31 ms'),
    line('output', 'output', 'INFO: ready'),
    line('visit', 'visit', '200 GET / · 31 ms · 5 kB'),
    {
      ...line('output', 'output', ''),
      spans: [
        { text: 'WARNING', c: 'c3 b' },
        { text: ' slow query <script>alert(1)</script>', c: '' },
      ],
    },
    line('error', 'error', "ModuleNotFoundError: No module named 'requests'"),
    line('visit bad-status', 'visit', `404 GET /${'very-long-path/'.repeat(20)} · 3 ms · 179 B`),
    line('berth', 'Berth', 'fell asleep after 300 s without a request'),
  ],
};

export const databases = [
  { name: 'ada_blog', app: 'blog', said: { tone: 'good', word: 'Ready', fact: '' }, createdAt: now - 8e6 },
  { name: `ada_${'x'.repeat(15)}`, app: null, said: { tone: 'busy', word: 'Being made', fact: '' }, createdAt: now - 8e3 },
];
export const database = { ...databases[0]!, user: 'ada_blog', password: null };

export const refusal = { title: 'A database of this name is there already.', help: 'Choose another name; nothing was changed.' };
