import { basename, dirname } from 'node:path';
import type { Entry, Sight } from '../host.ts';
import { inspectStacks as look, type StacksFound } from '../stacks/inspect.ts';
import { fromCatalog } from '../stacks/spec.ts';
import { PAGES } from './pages.ts';
import { DATABASE_USER, type Foundation, folders, PANEL_USER, packages, phpService } from './spec.ts';
import { recordFiles } from './userdb.ts';

/** The file that keeps Debian from starting a service while its package is being installed. */
export const POLICY = '/usr/sbin/policy-rc.d';

export interface PackagesFound {
  missing: string[];
  /** Text of the service policy, ours or somebody else's; null when there is none. */
  policy: string | null;
  /** The service that PHP's package brings, when its name is known. */
  phpService: string | null;
}

/** Names of the packages that dpkg holds as fully installed. */
export function installed(status: string): Set<string> {
  const names = new Set<string>();
  for (const block of status.split('\n\n')) {
    if (!/^Status: \S+ ok installed$/m.test(block)) continue;
    const name = /^Package: (\S+)$/m.exec(block)?.[1];
    if (name) names.add(name);
  }
  return names;
}

/** Looks which packages are missing. */
export async function inspectPackages(sight: Sight, wanted: Foundation): Promise<PackagesFound> {
  const present = installed((await sight.text('/var/lib/dpkg/status')) ?? '');
  const release = (await sight.text('/usr/lib/os-release')) ?? '';
  const missing = packages(wanted, release).filter(name => !present.has(name));
  return { missing, policy: await sight.text(POLICY), phpService: phpService(release) };
}

export interface GroundFound {
  passwd: string;
  group: string;
  nsswitch: string;
  entries: Record<string, Entry | null>;
  texts: Record<string, string | null>;
  /** Folders above Berth's own that hold nothing but these. */
  alone: string[];
}

/** The folders above a path, nearest first. Pure. */
export function above(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...above(parent)];
}

/** Looks at Berth's own users, folders and web server files. */
export async function inspectGround(sight: Sight, wanted: Foundation): Promise<GroundFound> {
  const at = sight.layout;
  const entries: GroundFound['entries'] = {};
  const texts: GroundFound['texts'] = {};
  for (const { path } of folders(at, wanted)) entries[path] = await sight.entry(path);
  const parents = [at.state, at.run, at.homes].flatMap(above);
  for (const path of [at.userdb, at.homes, ...parents]) entries[path] = await sight.entry(path);
  const alone: string[] = [];
  for (const path of new Set(parents)) {
    const own = [at.state, at.run, at.homes, ...parents].filter(entry => dirname(entry) === path).map(entry => basename(entry));
    if ((await sight.list(path)).every(name => own.includes(name))) alone.push(path);
  }
  for (const user of [PANEL_USER, DATABASE_USER]) {
    for (const { path, link } of recordFiles(user, at)) {
      entries[path] = await sight.entry(path);
      if (!link) texts[path] = await sight.text(path);
    }
  }
  for (const path of [at.nginxMain, ...Object.keys(PAGES).map(at.nginxPage)]) texts[path] = await sight.text(path);
  return {
    passwd: (await sight.text('/etc/passwd')) ?? '',
    group: (await sight.text('/etc/group')) ?? '',
    nsswitch: (await sight.text('/etc/nsswitch.conf')) ?? '',
    entries,
    texts,
    alone,
  };
}

/** Looks which stacks of the catalog are there, and for which interpreter. */
export async function inspectStacks(sight: Sight, wanted: Foundation): Promise<StacksFound> {
  return look(sight, wanted.stacks.map(fromCatalog));
}
