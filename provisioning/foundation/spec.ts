import { z } from 'zod';
import type { Stack } from '../catalog/stacks.ts';
import { type Layout, WAYS } from '../layout.ts';

/** A user of Berth's own, below the range that accounts take. */
export interface SystemUser {
  name: string;
  uid: number;
  gid: number;
  realName: string;
}

/** Runs the panel; its group may talk to the agent. */
export const PANEL_USER: SystemUser = { name: 'berth', uid: 199_001, gid: 199_001, realName: 'Berth panel' };

/** Runs the embedded MariaDB. */
export const DATABASE_USER: SystemUser = { name: 'berthdb', uid: 199_002, gid: 199_002, realName: 'Berth database server' };

/** The web server's group on Debian and Ubuntu: the only stranger that may pass through to sockets and public files. */
export const WEB_GROUP = 'www-data';

const plainPath = z
  .string()
  .max(200)
  .regex(/^(\/[A-Za-z0-9][A-Za-z0-9._-]*)+$/, 'use an absolute path of letters, digits, dots, hyphens and underscores');

/** What a host is to be before its first account: all that is not the same everywhere. */
export const foundationSpec = z.strictObject({
  state: plainPath,
  run: plainPath.max(60, 'use at most 60 characters: the name of a socket below it must fit into 107'),
  homes: plainPath,
  sitesPort: z.int().min(1).max(65_535),
  /** Whether MariaDB runs here as Berth's own; false when both databases are elsewhere. */
  embeddedDatabase: z.boolean(),
  /** pip's settings for stacks, such as PIP_INDEX_URL or a proxy; the machine's own files apply beside them. */
  pipEnvironment: z.record(
    z.string().regex(/^(PIP_[A-Z_]+|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(HTTPS?|NO|ALL)_PROXY)$/i),
    z.string().max(2000),
  ),
});

/** The answers above together with the stacks this host keeps loaded, and the packages that serve apps which bring none. */
export type Foundation = z.infer<typeof foundationSpec> & { stacks: Stack[]; servers: Stack[] };

/** The Debian packages of a host; later Debians moved the old name `mysql` into a package of its own. */
export function packages(wanted: Pick<Foundation, 'embeddedDatabase'>, osRelease: string): string[] {
  const value = (key: string) => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? '';
  const [id, version] = [value('ID'), Number.parseFloat(value('VERSION_ID'))];
  const renamed = (id === 'debian' && version >= 13) || (id === 'ubuntu' && version >= 25.04);
  return [
    'ca-certificates',
    'git',
    'libnss-systemd',
    'mariadb-client-core',
    ...(renamed ? ['mariadb-client-compat'] : []),
    ...(wanted.embeddedDatabase ? ['mariadb-server-core'] : []),
    'nginx',
    ...['cli', 'curl', 'fpm', 'gd', 'intl', 'mbstring', 'mysql', 'xml', 'zip'].map(part => `php-${part}`),
    'python3',
    'python3-venv',
  ];
}

const PHP: Record<string, string> = {
  'debian 12': '8.2',
  'debian 13': '8.4',
  'ubuntu 22.04': '8.1',
  'ubuntu 24.04': '8.3',
  'ubuntu 25.04': '8.4',
  'ubuntu 25.10': '8.4',
};

/** The service that comes with the package php-fpm, where we know the distribution; slots run an FPM of their own. */
export function phpService(osRelease: string): string | null {
  const value = (key: string) => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? '';
  const version = PHP[`${value('ID')} ${value('VERSION_ID')}`];
  return version ? `php${version}-fpm.service` : null;
}

/** A folder of Berth's own; `owner` is root unless named. */
export interface OwnFolder {
  path: string;
  mode: number;
  owner: 'root' | 'database' | 'panel';
  group: 'root' | 'database' | 'panel' | 'web';
}

/**
 * Every folder a host needs. A folder that leads to something of a customer's may be passed through but not listed, so
 * that one customer learns nothing of another.
 */
export function folders(at: Layout, wanted: Pick<Foundation, 'embeddedDatabase'>): OwnFolder[] {
  const root = (path: string, mode: number): OwnFolder => ({ path, mode, owner: 'root', group: 'root' });
  const web = (path: string): OwnFolder => ({ path, mode: 0o710, owner: 'root', group: 'web' });
  const mysql: OwnFolder[] = [
    { path: at.mysqlData, mode: 0o700, owner: 'database', group: 'database' },
    { path: at.mysqlRun, mode: 0o755, owner: 'database', group: 'database' },
  ];
  return [
    root(at.state, 0o711),
    root(at.users, 0o711),
    root(at.tmps, 0o711),
    root(at.slotSpecs, 0o700),
    root(at.manifests, 0o700),
    root(at.journal, 0o700),
    root(at.marks, 0o700),
    root(at.stats, 0o700),
    root(at.siteRecords, 0o700),
    root(at.logs, 0o700),
    root(at.stacks, 0o755),
    root(at.servers, 0o755),
    root(at.stackSpecs, 0o700),
    root(at.nginxFolder, 0o755),
    root(at.nginxPages, 0o755),
    root(at.nginxTemp, 0o711),
    root(at.run, 0o755),
    web(at.slotSockets),
    web(at.sites),
    web(at.closedSockets),
    ...WAYS.map(way => web(at.siteHomesOf(way))),
    ...(wanted.embeddedDatabase ? mysql : []),
  ];
}
