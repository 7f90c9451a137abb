import { DATABASE_USER, PANEL_USER } from '../../provisioning/foundation/spec.ts';
import { CODE } from '../settings.ts';
import type { Program } from './child.ts';
import { answers, type Login } from './mariadb.ts';
import type { Places } from './places.ts';
import type { Reach } from './reach.ts';
import { ask, askLine, expectStatus, reach as reachSocket } from './ready.ts';
import type { Settings } from './settings.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What every child is told, spelled out so that none depends on its own defaults. */
function common({ at, ...settings }: Settings): Record<string, string> {
  return {
    PATH,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    BERTH_STATE: at.state,
    BERTH_RUN: at.run,
    BERTH_HOMES: at.homes,
    BERTH_CGROUP: at.cgroup,
    BERTH_PANEL_PORT: String(settings.BERTH_PANEL_PORT),
    BERTH_SITES_PORT: String(settings.BERTH_SITES_PORT),
    BERTH_SITES_DOMAIN: settings.BERTH_SITES_DOMAIN,
  };
}

const given = (values: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => Boolean(entry[1])));

/** The embedded database server. */
export function mariadb(settings: Settings, its: Places, argv: string[], login: Login): Program {
  const { at } = settings;
  return {
    name: 'mariadb',
    title: 'The database server',
    argv,
    env: { PATH, LANG: 'C.UTF-8' },
    cwd: '/',
    user: DATABASE_USER,
    ready: () => answers(at, login),
    readySeconds: 90,
    stop: 'SIGTERM',
    stopSeconds: 60,
    log: its.log('mariadb'),
  };
}

/** The slot server. */
export function slotd(settings: Settings, its: Places): Program {
  const { at, BERTH_ZYGOTE_SECONDS, BERTH_ZYGOTE_IDLE_SECONDS } = settings;
  return {
    name: 'slotd',
    title: 'The slot server',
    argv: ['/usr/bin/python3', '-I', '-S', '-u', `${at.slotdFolder}/guard.py`],
    env: { ...common(settings), ...given({ BERTH_ZYGOTE_SECONDS, BERTH_ZYGOTE_IDLE_SECONDS }), TMPDIR: its.rootTemp },
    cwd: '/',
    ready: async () => {
      const answer = await askLine(at.slotdSocket, '{"op":"ping"}');
      if (JSON.parse(answer).ok !== true) throw new Error('it answered that it is not well');
    },
    readySeconds: 60,
    stop: 'SIGTERM',
    stopSeconds: 30,
    log: its.log('slotd'),
  };
}

/** The agent. */
export function agent(settings: Settings, its: Places): Program {
  const { at, BERTH_MYSQL_URL, BERTH_AUTOMATIC_STACKS, BERTH_AUTOMATIC_STACKS_MB, builds } = settings;
  return {
    name: 'agent',
    title: 'The agent',
    argv: [process.execPath, '--import', 'tsx', 'agent/main.ts'],
    env: {
      ...builds,
      ...common(settings),
      ...given({ BERTH_MYSQL_URL, BERTH_AUTOMATIC_STACKS, BERTH_AUTOMATIC_STACKS_MB }),
      BERTH_PANEL_GID: String(PANEL_USER.gid),
      NODE_ENV: 'production',
      HOME: '/root',
      TMPDIR: its.rootTemp,
    },
    cwd: CODE,
    ready: () => expectStatus({ socketPath: at.agentSocket, path: '/health' }, 200),
    readySeconds: 60,
    stop: 'SIGTERM',
    stopSeconds: 20,
    log: its.log('agent'),
  };
}

/** What nginx is started with, also to check its settings: everything it writes is Berth's own. */
export function nginxArgv(settings: Settings): string[] {
  const { at } = settings;
  return ['/usr/sbin/nginx', '-e', 'stderr', '-p', at.nginxFolder, '-c', at.nginxMain];
}

/** The web server. */
export function nginx(settings: Settings, its: Places): Program {
  const { at, BERTH_SITES_PORT } = settings;
  return {
    name: 'nginx',
    title: 'The web server',
    argv: [...nginxArgv(settings), '-g', 'daemon off;'],
    // Berth's access logs are in UTC, and nginx writes the time of its own zone.
    env: { PATH, LANG: 'C.UTF-8', TZ: 'UTC' },
    cwd: '/',
    ready: async () => {
      await expectStatus({ host: '127.0.0.1', port: BERTH_SITES_PORT, path: '/', headers: { Host: 'no-site.invalid' } }, 404);
      await reachSocket(at.suspendedSocket);
    },
    readySeconds: 20,
    stop: 'SIGQUIT',
    stopSeconds: 5,
    stale: [at.suspendedSocket, at.stoppedSocket, at.nginxPid],
    log: its.log('nginx'),
  };
}

/** The panel. `first` is the administrator's sign-in while it still has to be made. */
export function panel(
  settings: Settings,
  its: Places,
  reach: Reach,
  databaseUrl: string,
  first: { password: string; token: string } | null,
): Program {
  const { at, BERTH_PANEL_PORT, BERTH_PANEL_ORIGIN, BERTH_TRUSTED_PROXY, BERTH_HOSTER_NAME } = settings;
  const { BERTH_WHM_PORT, BERTH_WHM_ADDRESS, BERTH_WHM_CERTIFICATE, BERTH_WHM_KEY, BERTH_WHM_REPAIR } = settings;
  return {
    name: 'panel',
    title: 'The panel',
    argv: [reach.node, '--import', 'tsx', 'panel/main.ts'],
    env: {
      ...common(settings),
      ...given({ BERTH_PANEL_ORIGIN, BERTH_TRUSTED_PROXY, BERTH_HOSTER_NAME }),
      ...given({ BERTH_WHM_PORT, BERTH_WHM_ADDRESS, BERTH_WHM_CERTIFICATE, BERTH_WHM_KEY, BERTH_WHM_REPAIR }),
      BERTH_FIRST_UID: String(settings.BERTH_FIRST_UID),
      ...(first ? { BERTH_ADMIN_PASSWORD: first.password, BERTH_ADMIN_TOKEN: first.token } : {}),
      BERTH_DATABASE_URL: databaseUrl,
      BERTH_AGENT_SOCKET: at.agentSocket,
      NODE_ENV: 'production',
      HOME: '/nonexistent',
      TMPDIR: its.panelTemp,
    },
    cwd: reach.code,
    user: PANEL_USER,
    ready: async () => {
      const { status } = await ask({ host: '127.0.0.1', port: BERTH_PANEL_PORT, path: '/api/v1/health' });
      if (status !== 200) throw new Error(`it answered ${status}`);
    },
    readySeconds: 60,
    stop: 'SIGTERM',
    stopSeconds: 10,
    log: its.log('panel'),
  };
}
