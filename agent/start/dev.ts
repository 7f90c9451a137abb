import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Refused } from '../../provisioning/errors.ts';
import { type Layout, layout } from '../../provisioning/layout.ts';
import { CODE } from '../settings.ts';
import type { Program } from './child.ts';
import type { Family } from './family.ts';
import { takeLock } from './lock.ts';
import * as mysql from './mariadb.ts';
import { type Places, places } from './places.ts';
import { ask, expectStatus, requireFreePort } from './ready.ts';
import { say, timed } from './report.ts';
import { explain, untilStopped } from './stop.ts';

const PASSWORD = 'development';
const TOKEN = 'berth_development_token';

/** Folders of a developer's own: nothing outside of them is touched. */
function homeOfDevelopment(): { at: Layout; its: Places } {
  const state = join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'berth-dev');
  // The path of a unix socket holds 107 characters, so a deep home must not come before it.
  const run = process.env.XDG_RUNTIME_DIR ? join(process.env.XDG_RUNTIME_DIR, 'berth-dev') : join(state, 'run');
  const at = layout({ state, run, homes: join(state, 'homes'), code: CODE, cgroup: 'berth-dev' });
  return { at, its: places(at) };
}

async function startDatabase(at: Layout, its: Places, family: Family): Promise<string> {
  if (process.env.BERTH_DATABASE_URL) return process.env.BERTH_DATABASE_URL;
  if (!(await mysql.find('mariadbd'))) {
    const help = 'Install it with `sudo apt-get install mariadb-server-core`, or set BERTH_DATABASE_URL to a database of yours.';
    throw new Refused('no-database', 'There is no MariaDB on this machine for the panel.', help);
  }
  await mkdir(at.mysqlRun, { recursive: true, mode: 0o700 });
  if (!(await mysql.installed(at))) {
    await rm(at.mysqlData, { recursive: true, force: true });
    await timed('Make the data folder of the database server', () => mysql.install(at, its, null));
  }
  const { panel } = await mysql.prepare(at, its, null);
  await family.add(program(at, its, 'mariadb', 'The database server', await mysql.serverArgv(at, its), {}, () => mysql.answers(at, panel)));
  return mysql.panelUrl(at, panel);
}

function program(
  at: Layout,
  its: Places,
  name: string,
  title: string,
  argv: string[],
  env: Record<string, string>,
  ready: () => Promise<void>,
): Program {
  const own = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const roots = { BERTH_STATE: at.state, BERTH_RUN: at.run, BERTH_HOMES: at.homes, BERTH_CGROUP: at.cgroup };
  const log = its.log(name);
  return {
    name,
    title,
    argv,
    env: { ...own, ...roots, ...env },
    cwd: CODE,
    ready,
    readySeconds: 60,
    stop: 'SIGTERM',
    stopSeconds: 20,
    log,
  };
}

/** Runs a TypeScript entry and starts it again whenever a file it imports changes. */
function watched(entry: string, ...args: string[]): string[] {
  return [process.execPath, '--watch', '--watch-preserve-output', '--import', 'tsx', entry, ...args];
}

async function start(at: Layout, its: Places, family: Family): Promise<void> {
  const port = Number(process.env.BERTH_PANEL_PORT || 8000);
  await requireFreePort(port, 'BERTH_PANEL_PORT', 'the panel');
  await mkdir(at.logs, { recursive: true });
  await rm(at.agentSocket, { force: true });
  const databaseUrl = await startDatabase(at, its, family);
  const health = () => expectStatus({ socketPath: at.agentSocket, path: '/health' }, 200);
  await family.add(program(at, its, 'agent', 'The agent on a pretend host', watched('agent/main.ts', '--paper'), {}, health));
  const env = {
    BERTH_PANEL_PORT: String(port),
    BERTH_DATABASE_URL: databaseUrl,
    BERTH_AGENT_SOCKET: at.agentSocket,
    BERTH_ADMIN_PASSWORD: process.env.BERTH_ADMIN_PASSWORD || PASSWORD,
    BERTH_ADMIN_TOKEN: process.env.BERTH_ADMIN_TOKEN || TOKEN,
  };
  const answers = async () => {
    const { status } = await ask({ host: '127.0.0.1', port, path: '/api/v1/health' });
    if (status !== 200) throw new Error(`it answered ${status}`);
  };
  await family.add(program(at, its, 'panel', 'The panel', watched('panel/main.ts'), env, answers));
  say(`\nPanel      http://localhost:${port}`);
  say(`Sign in    admin / ${env.BERTH_ADMIN_PASSWORD}`);
  say(`Logs       ${at.logs}`);
  say('\nBerth is ready for changes: a saved file restarts what uses it. Ctrl-C stops everything.');
}

async function main(): Promise<number> {
  const { at, its } = homeOfDevelopment();
  await mkdir(at.state, { recursive: true, mode: 0o700 });
  const giveBack = await takeLock(at, its);
  const code = await untilStopped(at.cgroup, family => start(at, its, family));
  await giveBack();
  return code;
}

process.exit(
  await main().catch(error => {
    explain(error);
    return 1;
  }),
);
