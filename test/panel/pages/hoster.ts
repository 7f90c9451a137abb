import { CUSTOMER_SCOPES, SCOPES } from '../../../panel/people/actor.ts';
import * as f from './fixtures.ts';
import * as m from './machines.ts';

const a = { actor: f.admin, csrf: 'csrf' };
const fields = [
  { name: 'memoryMb', label: 'Memory', unit: 'MB', value: 1024, min: 64, max: 1_048_576, hint: 'All apps of an account together.' },
  { name: 'cpuPercent', label: 'Processor', unit: '%', value: 200, min: 5, max: 102_400, hint: '100 % is one core.' },
  { name: 'apps', label: 'Apps', unit: '', value: 10, min: 0, max: 10_000, hint: '' },
];
const accountPage = {
  ...a,
  here: 'accounts',
  account: m.account,
  apps: f.apps,
  jobs: f.jobRows,
  usage: m.usage,
  usageSince: f.now - 9e7,
  link: null,
  plans: ['small', 'large'],
};
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

/** What the hoster sees. */
export const hosterScenes: Record<string, Record<string, object>> = {
  'openapi/docs': {
    many: {
      title: 'API',
      frame: 'bare',
      origin: 'http://localhost:8000',
      groups: [
        {
          name: 'apps',
          operations: [
            {
              id: 'a',
              method: 'POST',
              path: '/accounts/{username}/apps',
              summary: f.long,
              scope: 'apps:write',
              query: ['limit'],
              fields: [{ name: 'name', type: 'string', required: true }],
              status: '201',
            },
            {
              id: 'b',
              method: 'GET',
              path: '/health',
              summary: 'Whether the panel is well',
              scope: 'none',
              query: [],
              fields: [],
              status: '200',
            },
          ],
        },
      ],
    },
    nothing: { title: 'API', frame: 'bare', origin: '', groups: [] },
  },
  'overview/overview': {
    many: { ...a, here: 'overview', attention, figures, hosts: m.hosts, busiest },
    calm: { ...a, here: 'overview', attention: [], figures, hosts: m.hosts.slice(0, 1), busiest: [] },
  },
  'accounts/list': {
    many: {
      ...a,
      here: 'accounts',
      accounts: m.accounts,
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
    suspended: { ...accountPage, account: { ...m.account, ...m.accounts[1], state: 'suspended' }, apps: [], jobs: [], usage: [] },
  },
  'accounts/remove': {
    plan: { ...a, here: 'accounts', account: m.account, plan: f.jobs.running.steps, planProblem: '' },
    away: {
      ...a,
      here: 'accounts',
      account: m.account,
      plan: null,
      planProblem: 'The host does not answer, so the list cannot be shown now.',
      problem: f.refusal,
    },
  },
  'hosts/list': { many: { ...a, here: 'hosts', hosts: m.hosts }, nothing: { ...a, here: 'hosts', hosts: [] } },
  'hosts/host': {
    plain: { ...a, here: 'hosts', host: m.host, range: '1h', summary: '' },
    away: {
      ...a,
      here: 'hosts',
      host: { ...m.hosts[1], versions: [], drift: null, figures: null },
      range: '24h',
      summary: 'The host does not answer.',
    },
  },
  'plans/list': { many: { ...a, here: 'plans', plans: m.plans }, nothing: { ...a, here: 'plans', plans: [] } },
  'plans/plan': {
    new: { ...a, here: 'plans', plan: null, fields },
    edit: { ...a, here: 'plans', plan: m.plans[0], fields },
    empty: { ...a, here: 'plans', plan: m.plans[1], fields, problem: f.refusal },
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
};
