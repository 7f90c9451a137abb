import { RE2JS } from 're2js';
import { Refused } from '../../provisioning/errors.ts';
import { notFound } from '../middleware/errors.ts';
import { type Used, usedByAccount } from '../usage/queries.ts';
import type { Caller } from './credentials.ts';
import type { Done } from './envelope.ts';
import type { Params } from './params.ts';
import { accountRows, type Row } from './queries.ts';
import { clientAddress } from './server-facts.ts';

const MB = 1_048_576;
const UNLIMITED_MB = 100_000_000;
const FIELDS: Record<string, (row: Row, ip: string) => string> = {
  user: row => row.username,
  domain: row => row.domain ?? '',
  owner: () => 'root',
  ip: (_row, ip) => ip,
  package: row => row.package ?? row.plan ?? '',
};

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const two = (number: number) => String(number).padStart(2, '0');

/** As cPanel writes a day: `13 May 22 16:03`. */
function day(seconds: number): string {
  const at = new Date(seconds * 1000);
  const date = `${two(at.getUTCDate())} ${MONTHS[at.getUTCMonth()]} ${two(at.getUTCFullYear() % 100)}`;
  return `${date} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
}

function account(row: Row, used: Used | undefined, ip: string): Record<string, unknown> {
  const { limits } = row;
  const count = (value: number | undefined, most: number) => (value === undefined || value >= most ? 'unlimited' : String(value));
  return {
    user: row.username,
    domain: row.domain ?? '',
    email: row.email,
    plan: row.package ?? row.plan ?? '',
    ip,
    owner: 'root',
    partition: 'home',
    shell: '/usr/sbin/nologin',
    theme: 'berth',
    startdate: day(row.created),
    unix_startdate: Math.floor(row.created),
    uid: String(row.uid),
    suspended: row.suspended,
    suspendreason: row.suspended ? row.reason || 'Unknown' : 'not suspended',
    suspendtime: row.suspendedAt,
    is_locked: 0,
    diskused: `${Math.round((used?.diskBytes ?? 0) / MB)}M`,
    disklimit: !limits || limits.diskMb >= UNLIMITED_MB ? 'unlimited' : `${limits.diskMb}M`,
    inodesused: used?.inodes ?? 0,
    inodeslimit: count(limits?.inodes, 1_000_000_000),
    maxsql: count(limits?.databases, 10_000),
    maxaddons: count(limits?.apps, 10_000),
    maxpop: '0',
    maxftp: '0',
    maxlst: '0',
    maxsub: 'unlimited',
    maxparked: 'unlimited',
    max_email_per_hour: 'unlimited',
    backup: 0,
    legacy_backup: 0,
    mailbox_format: 'maildir',
    outgoing_mail_suspended: 0,
    outgoing_mail_hold: 0,
    temporary: 0,
    ipv6: [],
    child_nodes: [],
  };
}

/** Narrows by search and searchtype: a regular expression, without backtracking, or the exact text. */
function narrowed(rows: Row[], params: Params, ip: string): Row[] {
  const search = params.text('search');
  if (search === '') return rows;
  const type = params.text('searchtype') || 'domain';
  const field = FIELDS[type];
  if (!field) throw new Refused('bad-searchtype', `“${type.slice(0, 20)}” cannot be searched; use ${Object.keys(FIELDS).join(', ')}.`);
  if (search.length > 200) throw new Refused('long-search', 'Use a search of at most 200 characters.');
  if (params.text('searchmethod') === 'exact') return rows.filter(row => field(row, ip) === search);
  let pattern: RE2JS;
  try {
    pattern = RE2JS.compile(search, RE2JS.CASE_INSENSITIVE);
  } catch {
    throw new Refused('bad-search', 'The search is not a regular expression that can be used.');
  }
  return rows.filter(row => pattern.matcher(field(row, ip)).find());
}

async function described(caller: Caller, rows: Row[]): Promise<Record<string, unknown>[]> {
  const [used, ip] = await Promise.all([usedByAccount(), clientAddress(caller.actor, '')]);
  return rows.map(row => account(row, used.get(row.username), ip));
}

/** accountsummary. */
export async function accountSummary(caller: Caller, params: Params): Promise<Done> {
  const user = params.text('user').toLowerCase();
  const domain = params.text('domain').toLowerCase();
  if (user === '' && domain === '') params.need('user');
  const all = user ? await accountRows(caller.actor, user) : (await accountRows(caller.actor)).filter(row => row.domain === domain);
  if (all.length === 0) throw notFound('account');
  return { data: { acct: await described(caller, all) } };
}

/** listaccts: all accounts, or those that a search finds; `want` keeps only some fields. */
export async function listAccounts(caller: Caller, params: Params): Promise<Done> {
  const ip = await clientAddress(caller.actor, '');
  let acct = await described(caller, narrowed(await accountRows(caller.actor), params, ip));
  const want = params.text('want');
  if (want) {
    const names = new Set(want.split(',').map(name => name.trim()));
    acct = acct.map(entry => Object.fromEntries(Object.entries(entry).filter(([name]) => names.has(name))));
  }
  return { data: { acct } };
}

/** listsuspended. */
export async function listSuspended({ actor }: Caller): Promise<Done> {
  const rows = (await accountRows(actor)).filter(row => row.suspended === 1);
  const one = (row: Row) => ({
    user: row.username,
    owner: 'root',
    reason: row.reason || 'Unknown',
    time: '',
    unixtime: row.suspendedAt ?? 0,
    is_locked: 0,
  });
  return { data: { account: rows.map(one) } };
}

/** showbw: traffic of this month, by account. */
export async function showBandwidth({ actor }: Caller, params: Params): Promise<Done> {
  const ip = await clientAddress(actor, '');
  const used = await usedByAccount();
  const now = new Date();
  const acct = narrowed(await accountRows(actor), params, ip).map(row => {
    const total = used.get(row.username)?.monthBandwidthBytes ?? 0;
    const limit = !row.limits || row.limits.bandwidthMb >= 1_000_000_000 ? 0 : row.limits.bandwidthMb * MB;
    const domain = row.domain ?? '';
    return {
      user: row.username,
      maindomain: domain,
      owner: 'root',
      reseller: 0,
      deleted: 0,
      limit,
      totalbytes: total,
      bwusage: [{ domain, usage: total, deleted: 0 }],
    };
  });
  const totalused = acct.reduce((sum, entry) => sum + entry.totalbytes, 0);
  return { data: { acct, month: now.getUTCMonth() + 1, year: now.getUTCFullYear(), reseller: 'root', totalused } };
}
