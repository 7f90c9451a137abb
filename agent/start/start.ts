import { execFile } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Failed } from '../../provisioning/errors.ts';
import { DATABASE_USER } from '../../provisioning/foundation/spec.ts';
import { machine } from '../../provisioning/machine/index.ts';
import { CODE } from '../settings.ts';
import { accepted, makeDemo } from './demo.ts';
import type { Family } from './family.ts';
import { layFoundation } from './ground.ts';
import { takeLock } from './lock.ts';
import * as mysql from './mariadb.ts';
import { type Places, places } from './places.ts';
import * as programs from './programs.ts';
import { closeReach, openReach } from './reach.ts';
import { ask, requireFreePort } from './ready.ts';
import { say, timed } from './report.ts';
import { readSettings, type Settings } from './settings.ts';
import { finish, type Progress, readProgress } from './sign-in.ts';
import { explain, untilStopped } from './stop.ts';

const run = promisify(execFile);

/** Starts the embedded database server where one is wanted, and tells the address of the panel's database. */
async function startDatabase(settings: Settings, its: Places, family: Family): Promise<string> {
  const { at, wanted, BERTH_DATABASE_URL } = settings;
  if (!wanted.embeddedDatabase) return BERTH_DATABASE_URL ?? '';
  if (!(await mysql.installed(at))) await timed('Make the data folder of the database server', () => mysql.install(at, its, DATABASE_USER));
  const { panel } = await mysql.prepare(at, its, DATABASE_USER);
  await family.add(programs.mariadb(settings, its, await mysql.serverArgv(at, its), panel));
  return BERTH_DATABASE_URL ?? mysql.panelUrl(at, panel);
}

/** nginx -t answers 0 on settings that serve the wrong site; any warning counts as a failure. */
async function checkWebServer(settings: Settings): Promise<void> {
  const [program = '', ...args] = programs.nginxArgv(settings);
  const said = await run(program, [...args, '-t']).then(
    ({ stderr }) => stderr,
    (error: { stderr?: string; message: string }) => `[emerg] ${error.stderr ?? error.message}`,
  );
  if (!/\[(warn|error|crit|alert|emerg)\]/.test(said)) return;
  throw new Failed('The web server does not accept its settings.', { lastLines: said.trim() });
}

/** Makes the demo at the first start and tells its address; null when the panel was here before. */
async function firstSteps(settings: Settings, progress: Progress): Promise<string | null> {
  if (progress.stage === 'done') return progress.site;
  const api = { port: settings.BERTH_PANEL_PORT, token: progress.token };
  if (!(await accepted(api))) return null;
  const site = await makeDemo(api, settings.BERTH_DEMO_ACCOUNT);
  await timed('Open the demo site', async () => {
    const { host } = new URL(site);
    const { status } = await ask({ host: '127.0.0.1', port: settings.BERTH_SITES_PORT, path: '/', headers: { Host: host } });
    if (status !== 200) throw new Failed(`The demo site answered ${status} instead of its page.`, { help: 'Its log is in the panel.' });
  });
  return site;
}

function tellAddresses(settings: Settings, progress: Progress, site: string | null): void {
  say('');
  say(`Panel      ${settings.BERTH_PANEL_ORIGIN ?? `http://localhost:${settings.BERTH_PANEL_PORT}`}`);
  say(`Billing    https://127.0.0.1:${settings.BERTH_WHM_PORT ?? 2087}/json-api/   (WHM-compatible)`);
  if (progress.stage === 'new' && site) {
    say(
      `Sign in    admin / ${settings.BERTH_ADMIN_PASSWORD ? '(the password in BERTH_ADMIN_PASSWORD)' : `${progress.password}   (shown only now)`}`,
    );
    say(`API token  ${settings.BERTH_ADMIN_TOKEN ? '(the one in BERTH_ADMIN_TOKEN)' : `${progress.token}   (shown only now)`}`);
  }
  if (site) say(`Demo site  ${site}`);
  say('');
}

async function start(settings: Settings, its: Places, family: Family): Promise<void> {
  const { at, wanted } = settings;
  await requireFreePort(settings.BERTH_PANEL_PORT, 'BERTH_PANEL_PORT', 'the panel');
  await requireFreePort(settings.BERTH_SITES_PORT, 'BERTH_SITES_PORT', "customers' sites");
  const host = machine(at, { databaseUrl: async () => '', buildEnvironment: {} });
  await layFoundation(host, wanted, () => family.check());
  await mkdir(its.rootTemp, { recursive: true, mode: 0o700 });
  const progress = await readProgress(settings, its);
  const databaseUrl = await startDatabase(settings, its, family);
  await checkWebServer(settings);
  const reach = await openReach(CODE, its);
  await family.add(programs.slotd(settings, its));
  await family.add(programs.nginx(settings, its));
  await family.add(programs.agent(settings, its));
  await family.add(programs.panel(settings, its, reach, databaseUrl, progress.stage === 'new' ? progress : null));
  const site = await firstSteps(settings, progress);
  family.check();
  tellAddresses(settings, progress, site);
  await finish(its, site);
  say('Berth is ready');
}

async function main(): Promise<number> {
  process.umask(0o022);
  const settings = readSettings(process.env);
  const its = places(settings.at);
  const { version } = JSON.parse(await readFile(`${CODE}/package.json`, 'utf8')) as { version: string };
  say(`Berth ${version}`);
  const giveBack = await takeLock(settings.at, its);
  const code = await untilStopped(settings.at.cgroup, family => start(settings, its, family));
  await closeReach(its);
  await rm(its.mysqlInit, { force: true });
  await giveBack();
  return code;
}

process.exit(
  await main().catch(error => {
    explain(error);
    return 1;
  }),
);
