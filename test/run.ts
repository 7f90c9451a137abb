/** `npm test`: installs what is missing, checks the code, then runs every suite that this machine can run. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { seconds, timed } from '../agent/start/report.ts';
import { readSettings } from '../agent/start/settings.ts';
import { Failed, Refused } from '../provisioning/errors.ts';
import { foundation, planPart } from '../provisioning/foundation/index.ts';
import { machine } from '../provisioning/machine/index.ts';
import { noTally, sum, summary, type Tally, tapReader } from './tap.ts';

const LIMIT_MINUTES = 18;
const say = (line: string) => process.stdout.write(`${line}\n`);
const started = Date.now();
const filters = process.argv.slice(3);
const onHost = process.platform === 'linux' && process.getuid?.() === 0;

/** The suites in order. All but the first change a machine, so they need root and run one test after another. */
const SUITES = [
  { name: 'unit', folders: [''], needsRoot: false },
  { name: 'live', folders: ['live/'], needsRoot: true },
  { name: 'journeys', folders: ['journeys/'], needsRoot: true },
  { name: 'browser', folders: ['browser/'], needsRoot: true },
];

let running: ChildProcess | null = null;
let timedOut = false;

/** Runs a program in a group of its own, so that all of it can be ended; resolves with its exit status. */
function run(program: string, args: string[], env: NodeJS.ProcessEnv, take: (piece: string) => void): Promise<number | null> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    running = child;
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', piece => process.stderr.write(piece));
    child.on('error', fail);
    child.on('close', code => {
      running = null;
      done(timedOut ? null : code);
    });
  });
}

function endRunning(): void {
  if (!running?.pid) return;
  try {
    process.kill(-running.pid, 'SIGTERM');
  } catch {
    // It has just ended by itself.
  }
}

/** Packages that tests need: those of a host, and a browser. */
async function installPackages(browser: boolean): Promise<void> {
  const settings = readSettings(process.env);
  const host = machine(settings.at, { databaseUrl: async () => '', buildEnvironment: {} });
  const [packages] = foundation;
  const steps = packages ? await planPart(packages, host, settings.wanted) : [];
  if (browser && !(await host.entry('/usr/bin/chromium'))) {
    const argv = [
      '/usr/bin/apt-get',
      '-y',
      '-o',
      'DPkg::Lock::Timeout=300',
      'install',
      '--no-install-recommends',
      '--',
      'chromium',
      'fonts-dejavu-core',
    ];
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    steps.push({ do: 'run', argv, env, timeoutSeconds: 900, resource: 'foundation', why: 'Install chromium' });
  }
  for (const step of steps) await timed(step.why, () => host.act(step, () => {}));
}

/** A check that is one test: it passes or it fails. */
async function check(name: string, program: string, args: string[]): Promise<Tally> {
  const began = Date.now();
  let said = '';
  const code = await run(process.execPath, [program, ...args], process.env, piece => {
    said += piece;
  });
  say(`  ${code === 0 ? '✓' : '✗'} ${name} (${seconds(Date.now() - began)})`);
  if (code !== 0) say(said.trimEnd());
  return code === 0 ? { ...noTally(), passed: 1 } : { ...noTally(), failed: 1 };
}

async function testFiles(): Promise<string[]> {
  const names = await readdir('test', { recursive: true });
  const files = names.filter(name => name.endsWith('.test.ts')).sort();
  return filters.length ? files.filter(file => filters.some(filter => `test/${file}`.includes(filter))) : files;
}

function suiteOf(file: string): string {
  return SUITES.find(suite => suite.needsRoot && suite.folders.some(folder => file.startsWith(folder)))?.name ?? 'unit';
}

async function runSuite(files: string[], serial: boolean, env: NodeJS.ProcessEnv): Promise<Tally> {
  const { take, tally } = tapReader(say);
  const order = serial ? ['--serial', '--concurrency=1', '--timeout=10m'] : ['--concurrency=2', '--timeout=2m'];
  const args = ['node_modules/ava/entrypoints/cli.mjs', '--tap', ...order, ...files.map(file => join('test', file))];
  const code = await run(process.execPath, args, env, take);
  // Something ended badly outside of any test.
  if (code !== 0 && !tally.failed) tally.failed++;
  return tally;
}

/** A port that nobody uses. */
function freePort(): Promise<string> {
  return new Promise((done, fail) => {
    const server = createServer().on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(String(typeof address === 'object' && address ? address.port : 0)));
    });
  });
}

/** Folders, ports and a control group of this run's own, so that it can run beside a running Berth. */
async function ownPlace(): Promise<{ folder: string; env: NodeJS.ProcessEnv }> {
  const folder = await mkdtemp('/tmp/bt-');
  // Berth's own users have to pass through.
  await chmod(folder, 0o711);
  const own = {
    BERTH_STATE: join(folder, 'state'),
    BERTH_RUN: join(folder, 'run'),
    BERTH_HOMES: join(folder, 'homes'),
    BERTH_CGROUP: folder.slice('/tmp/'.length).toLowerCase(),
    BERTH_PANEL_PORT: await freePort(),
    BERTH_SITES_PORT: await freePort(),
    BERTH_WHM_PORT: await freePort(),
  };
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^BERTH_(?!PIP_|NPM_|UV_)|^NODE_ENV$/.test(key)));
  return { folder, env: { ...env, ...own } };
}

async function runAll(env: NodeJS.ProcessEnv): Promise<Tally[]> {
  const files = await testFiles();
  const tallies: Tally[] = [];
  if (onHost) {
    say('Packages');
    await installPackages(files.some(file => file.startsWith('browser/') || file.startsWith('journeys/')));
  }
  if (!filters.length) {
    say('Code');
    tallies.push(await check('biome check .', 'node_modules/@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']));
    tallies.push(await check('tsc --noEmit', 'node_modules/typescript/bin/tsc', ['--noEmit']));
  }
  for (const suite of SUITES) {
    const its = files.filter(file => suiteOf(file) === suite.name);
    if (!its.length || timedOut) continue;
    if (suite.needsRoot && !onHost) {
      say(`${suite.name}: skipped ${its.length} files, because they change a machine and need root on Linux`);
      tallies.push({ ...noTally(), skipped: its.length });
      continue;
    }
    say(`${suite.name} (${its.length} files, at ${seconds(Date.now() - started)})`);
    tallies.push(await runSuite(its, suite.needsRoot, env));
  }
  return tallies;
}

async function main(): Promise<number> {
  const guard = setTimeout(() => {
    timedOut = true;
    say(`Stopped: the tests did not end within ${LIMIT_MINUTES} minutes.`);
    endRunning();
  }, LIMIT_MINUTES * 60_000);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      timedOut = true;
      endRunning();
    });
  }
  const { folder, env } = await ownPlace();
  let tally = noTally();
  try {
    tally = sum(await runAll(env));
  } catch (error) {
    const known = error instanceof Failed || error instanceof Refused;
    say(known ? `${error.message} ${error.help}\n${error instanceof Failed ? error.lastLines : ''}`.trim() : String(error));
    tally.failed++;
  }
  clearTimeout(guard);
  await rm(folder, { recursive: true, force: true });
  say(`\nTook ${seconds(Date.now() - started)}`);
  say(summary(tally));
  return tally.failed || !tally.passed || timedOut ? 1 : 0;
}

process.exit(await main());
