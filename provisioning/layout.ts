import { join } from 'node:path';

/** Where one Berth host keeps things; every default can be moved by the environment. */
export interface Roots {
  /** Data that lasts. */
  state: string;
  /** Sockets and links, made anew at every boot. */
  run: string;
  /** Where accounts' homes are made. */
  homes: string;
  /** The checkout or installation this process runs from. */
  code: string;
  /** The name of Berth's own group below each cgroup hierarchy. */
  cgroup: string;
}

/** How nginx serves a site: what it speaks with the slot, and for PHP and CGI which files it leaves to it. */
export const WAYS = ['http', 'php', 'cgi', 'fastcgi', 'scgi', 'uwsgi'] as const;
export type Way = (typeof WAYS)[number];

const homesOf = (way: Way) => (way === 'http' ? 'homes' : `homes-${way}`);

/** Every path Berth uses on a host. No other file spells one. */
export type Layout = ReturnType<typeof layout>;

/** Names every path below the given roots. Pure. */
export function layout(roots: Roots) {
  const { state, run, homes, code } = roots;
  const slot = (account: string, app: string, process = 'web') =>
    process === 'web' ? `${account}.${app}` : `${account}.${app}.${process}`;
  return {
    ...roots,
    // The database server
    mysqlData: join(state, 'mysql'),
    mysqlRun: join(run, 'mysql'),
    mysqlSocket: join(run, 'mysql', 'mysqld.sock'),
    mysqlAdmin: join(state, 'mysql-admin.json'),
    // nginx
    nginxFolder: join(state, 'nginx'),
    nginxMain: join(state, 'nginx', 'nginx.conf'),
    nginxPages: join(state, 'nginx', 'pages'),
    nginxPage: (name: string) => join(state, 'nginx', 'pages', `${name}.html`),
    nginxTemp: join(state, 'nginx', 'temp'),
    nginxLog: join(state, 'logs', 'nginx.log'),
    nginxPid: join(run, 'nginx.pid'),
    // nginx makes its sockets for everybody; the folder keeps others than nginx out
    closedSockets: join(run, 'closed'),
    suspendedSocket: join(run, 'closed', 'suspended.sock'),
    stoppedSocket: join(run, 'closed', 'stopped.sock'),
    // Sites: a host name is a link to a slot's socket; its sibling leads to the home that holds static files, and says how it is served
    sites: join(run, 'sites'),
    site: (host: string) => join(run, 'sites', host),
    siteRecords: join(state, 'sites'),
    siteRecordsOf: (account: string) => join(state, 'sites', account),
    siteRecord: (account: string, host: string) => join(state, 'sites', account, host),
    siteHomesOf: (way: Way) => join(run, homesOf(way)),
    siteHome: (host: string, way: Way = 'http') => join(run, homesOf(way), host),
    // Slots
    slotName: slot,
    slotSpecs: join(state, 'slots'),
    slotSpec: (account: string, app: string, process?: string) => join(state, 'slots', `${slot(account, app, process)}.json`),
    slotSockets: join(run, 'slots'),
    slotSocket: (account: string, app: string, process?: string) => join(run, 'slots', `${slot(account, app, process)}.sock`),
    slotdSocket: join(run, 'slotd.sock'),
    accessSocket: join(run, 'access.sock'),
    slotdFolder: join(code, 'agent', 'slotd'),
    stacks: join(state, 'stacks'),
    stack: (id: string) => join(state, 'stacks', id),
    servers: join(state, 'servers'),
    server: (id: string) => join(state, 'servers', id),
    stackSpecs: join(state, 'stack-specs'),
    stackSpec: (id: string) => join(state, 'stack-specs', `${id}.json`),
    // The agent
    agentSocket: join(run, 'agent.sock'),
    journal: join(state, 'journal'),
    manifests: join(state, 'manifests'),
    manifest: (account: string) => join(state, 'manifests', `${account}.json`),
    marks: join(state, 'marks'),
    marksOf: (account: string) => join(state, 'marks', account),
    mark: (account: string, name: string) => join(state, 'marks', account, name),
    stats: join(state, 'stats'),
    statsOf: (account: string) => join(state, 'stats', account),
    // Logs, all root's: a customer can neither rename nor replace them
    logs: join(state, 'logs'),
    logsOf: (account: string) => join(state, 'logs', account),
    logFolder: (account: string, app: string) => join(state, 'logs', account, app),
    /** Stands as long as an app's further process does, so that none is overlooked. */
    slotTrace: (account: string, app: string, process: string) => join(state, 'logs', account, app, process),
    log: (account: string, app: string, stream: 'app' | 'access' | 'build') => join(state, 'logs', account, app, `${stream}.log`),
    ...accountPaths(state, homes),
  };
}

/** What belongs to one account: root's part outside the home, and the home. */
function accountPaths(state: string, homes: string) {
  return {
    // What Berth writes for an account, outside the home, root:<account> 0640
    users: join(state, 'users'),
    user: (account: string) => join(state, 'users', account),
    userConfig: (account: string) => join(state, 'users', account, 'config.json'),
    userAlias: (account: string) => join(state, 'users', account, 'alias'),
    userMyCnf: (account: string) => join(state, 'users', account, 'my.cnf'),
    userEnv: (account: string, app: string) => join(state, 'users', account, `${app}.env.json`),
    // The account's own /tmp
    tmps: join(state, 'tmp'),
    tmp: (account: string) => join(state, 'tmp', account),
    // The name service
    userdb: '/etc/userdb',
    userdbFile: (file: string) => join('/etc/userdb', file),
    // Homes
    home: (account: string) => join(homes, account),
    appFolder: (account: string, app: string) => join(homes, account, 'apps', app),
    release: (account: string, app: string, release: number) => join(homes, account, 'apps', app, 'releases', String(release)),
    current: (account: string, app: string) => join(homes, account, 'apps', app, 'current'),
    media: (account: string, app: string) => join(homes, account, 'apps', app, 'media'),
    www: (account: string, host: string) => join(homes, account, 'www', host),
  };
}

/** Reads the roots from the environment, with the defaults of a production host. */
export function rootsFromEnvironment(code: string, env: NodeJS.ProcessEnv = process.env): Roots {
  return {
    state: env.BERTH_STATE || '/var/lib/berth',
    run: env.BERTH_RUN || '/run/berth',
    homes: env.BERTH_HOMES || '/home',
    cgroup: env.BERTH_CGROUP || 'berth',
    code,
  };
}
