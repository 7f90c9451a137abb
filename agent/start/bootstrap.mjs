// The first file that runs on a new machine, so it needs nothing but Node: it completes node_modules, reads .env,
// and hands over to the TypeScript entry of `start`, `test`, `dev` or `bench` in this same process.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ENTRIES = { start: 'agent/start/start.ts', dev: 'agent/start/dev.ts', test: 'test/run.ts', bench: 'test/bench/bench.ts' };
const STAMP = join(ROOT, 'node_modules', '.berth-lock');

/** Says one sentence and ends. */
function giveUp(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

/** What node_modules was made from: the lock file, and the Node.js that native packages were chosen for. */
function wantedStamp() {
  const lock = readFileSync(join(ROOT, 'package-lock.json'));
  const { modules } = process.versions;
  return `${createHash('sha256').update(lock).digest('hex')} node-${modules} ${process.platform}-${process.arch}\n`;
}

/** Whether npm's own record of node_modules agrees with the lock file, as after a developer's `npm install`. */
function recordAgrees() {
  const record = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(record, 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, optional }]) => path === '' || optional || present[path]?.version === version);
}

function complete() {
  if (existsSync(STAMP)) return readFileSync(STAMP, 'utf8') === wantedStamp();
  return recordAgrees();
}

/** Native packages compile against the headers of the Node.js that is installed, when it brought them. */
function npmEnvironment() {
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, 'include', 'node')) ? { npm_config_nodedir: prefix } : {};
  return { ...process.env, NODE_ENV: 'development', ...headers };
}

/** Runs `npm ci`, telling every few seconds that it goes on; resolves with its exit status and last words. */
function npmInstall() {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const child = spawn('npm', args, { cwd: ROOT, env: npmEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setInterval(() => console.log(`Installing npm packages … ${seconds()} s`), 4000);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', text => {
      // The reason stands in the first lines; what follows is npm's help.
      said = (said + text).slice(0, 2000);
    });
  }
  return new Promise(done => {
    const end = code => {
      clearInterval(timer);
      done({ code, said, seconds: seconds() });
    };
    child.on('error', error => {
      said = error.message;
      end(1);
    });
    child.on('close', end);
  });
}

async function ensureModules() {
  if (complete()) return;
  console.log('Installing npm packages …');
  const { code, said, seconds } = await npmInstall();
  if (code !== 0) {
    giveUp(
      `${said.trim()}\nThe npm packages could not be installed: check the network and the npm settings of this machine, then run the same command again.`,
    );
  }
  writeFileSync(STAMP, wantedStamp());
  console.log(`Installed npm packages in ${seconds} s`);
}

/** Root compiles TypeScript in a folder nobody else can write to: the usual place in /tmp could be prepared by any user. */
function privateTemporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'berth-'));
  process.env.TMPDIR = folder;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
}

async function main() {
  const verb = process.argv[2] ?? '';
  if (!Object.hasOwn(ENTRIES, verb)) giveUp('Use npm start, npm run dev, npm test or npm run bench.');
  if (Number(process.versions.node.split('.')[0]) < 20) giveUp(`Berth needs Node.js 20 or newer, this is ${process.versions.node}.`);
  const root = process.getuid?.() === 0;
  if (verb === 'start' && !root)
    giveUp('npm start sets up a whole host and needs root: use sudo, or run `npm run dev` for the panel on a pretend host.');
  process.umask(0o022);
  process.chdir(ROOT);
  const settings = join(ROOT, '.env');
  if (existsSync(settings)) process.loadEnvFile(settings);
  await ensureModules();
  if (root) privateTemporaryFolder();
  const { register } = await import('tsx/esm/api');
  register();
  await import(join(ROOT, ENTRIES[verb]));
}

await main();
