import { type Limits, limitsSpec } from '../../provisioning/account/spec.ts';
import { Refused } from '../../provisioning/errors.ts';
import { parse } from '../middleware/validate.ts';
import type { Actor } from '../people/actor.ts';
import { addPlan } from '../plans/actions.ts';
import { limitsInput } from '../plans/schema.ts';
import type { Caller } from './credentials.ts';
import type { Done } from './envelope.ts';
import type { Params } from './params.ts';
import * as queries from './queries.ts';

/** WHM's "unlimited", as the most that a plan can say. */
const MOST = { diskMb: 100_000_000, bandwidthMb: 1_000_000_000, databases: 10_000, apps: 10_000 };
/** Parameters of addpkg that no plan of Berth has; they are kept and told again. */
const KEPT = ['maxftp', 'maxpop', 'maxlst', 'maxsub', 'maxpark', 'cgi', 'hasshell', 'ip', 'featurelist', 'cpmod', 'frontpage', 'language'];

function amount(params: Params, name: string, most: number): number | undefined {
  if (!params.has(name)) return undefined;
  const text = params.text(name).toLowerCase();
  if (text === '' || text === '0' || text === 'unlimited' || text === 'null') return most;
  if (!/^\d{1,12}$/.test(text)) throw new Refused('bad-number', `“${name}” must be a whole number or unlimited.`);
  return Math.min(most, Number(text));
}

function limitsOf(params: Params): Partial<Limits> {
  const given = {
    diskMb: amount(params, 'quota', MOST.diskMb),
    bandwidthMb: amount(params, 'bwlimit', MOST.bandwidthMb),
    databases: amount(params, 'maxsql', MOST.databases),
    // Addon domains are where other panels count sites.
    apps: amount(params, 'maxaddon', MOST.apps),
  };
  const limits: Partial<Limits> = {};
  for (const [name, value] of Object.entries(given)) if (value !== undefined) limits[name as keyof typeof given] = value;
  if (limits.diskMb !== undefined) limits.diskMb = Math.max(limits.diskMb, limitsSpec.shape.diskMb.minValue ?? 10);
  if (limits.apps !== undefined) limits.slots = limits.apps;
  return limits;
}

/** A plan's own name made of a package's: lower case, hyphens, short, and not taken. */
async function planName(actor: Actor, name: string): Promise<string> {
  const plain =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+|-+$/g, '')
      .slice(0, 26) || 'package';
  for (let n = 1; n < 1000; n++) {
    const tried = n === 1 ? plain : `${plain}-${n}`;
    if (!(await queries.packageNamed(actor, tried))) return tried;
  }
  throw new Refused('too-many', 'There are too many packages of this name.');
}

/** addpkg: the name is kept as it was sent; a package that is there already is told as such. */
export async function addPackage({ actor }: Caller, params: Params): Promise<Done> {
  const name = params.need('name', 'pkgname');
  if (name.length > 150 || /[\u0000-\u001f<>]/.test(name))
    throw new Refused('bad-name', 'Use at most 150 letters for a package, without < and >.');
  if (await queries.packageNamed(actor, name)) throw new Refused('package-taken', `The package “${name}” already exists.`);
  const limits = parse(limitsInput, limitsOf(params));
  const facts: Record<string, string> = {};
  for (const key of KEPT) if (params.has(key)) facts[key] = params.text(key).slice(0, 100);
  const plan = await addPlan(actor, { name: await planName(actor, name), limits });
  await queries.addPackage(name, plan.id, facts);
  return { reason: `The package “${name}” was added.`, data: { pkg: name }, zero: { pkg: name } };
}

/** The plan behind a package's name, which may also be a plan's own. Without a name the only plan there is. Throws Refused. */
export async function planOfPackage(actor: Actor, user: string, name: string): Promise<queries.Package> {
  const all = name === '' ? await queries.packages(actor) : [];
  if (name === '' && all.length !== 1) throw new Refused('missing', 'You must specify the “plan” parameter.');
  const found = all[0] ?? (await queries.packageNamed(actor, name)) ?? (await queries.packageNamed(actor, unprefixed(name, user)));
  if (!found) throw new Refused('no-such-package', `“${name}” is not a valid package. See listpkgs.`);
  return found;
}

const unprefixed = (name: string, user: string) => (name.startsWith(`${user}_`) ? name.slice(user.length + 1) : name);
const figure = (value: number, most: number) => (value >= most ? 'unlimited' : String(value));

function row({ name, limits, facts }: queries.Package): Record<string, unknown> {
  const kept = (key: string, otherwise: string) => facts[key] || otherwise;
  return {
    name,
    QUOTA: figure(limits.diskMb, MOST.diskMb),
    BWLIMIT: figure(limits.bandwidthMb, MOST.bandwidthMb),
    MAXSQL: figure(limits.databases, MOST.databases),
    MAXADDON: figure(limits.apps, MOST.apps),
    MAXFTP: kept('maxftp', '0'),
    MAXPOP: kept('maxpop', '0'),
    MAXLST: kept('maxlst', '0'),
    MAXSUB: kept('maxsub', 'unlimited'),
    MAXPARK: kept('maxpark', 'unlimited'),
    HASSHELL: kept('hasshell', 'n'),
    IP: kept('ip', 'n'),
    CGI: kept('cgi', 'y'),
    FRONTPAGE: 'n',
    CPMOD: kept('cpmod', 'berth'),
    FEATURELIST: kept('featurelist', 'default'),
    LANG: kept('language', 'en'),
    DIGESTAUTH: 'n',
    MAX_EMAIL_PER_HOUR: 'unlimited',
    MAX_DEFER_FAIL_PERCENTAGE: 'unlimited',
    MAX_EMAILACCT_QUOTA: 'unlimited',
    MAX_TEAM_USERS: '0',
    _PACKAGE_EXTENSIONS: '',
  };
}

/** listpkgs. */
export async function listPackages({ actor }: Caller): Promise<Done> {
  const pkg = (await queries.packages(actor)).map(row);
  return { data: { pkg }, zero: { package: pkg } };
}

/** matchpkgs: the same, for clients that only want to see that the key works. */
export async function matchPackages(caller: Caller): Promise<Done> {
  return listPackages(caller);
}

/** getpkginfo. */
export async function packageInfo(caller: Caller, params: Params): Promise<Done> {
  return { data: { pkg: row(await planOfPackage(caller.actor, caller.user, params.need('pkg', 'name'))) } };
}
