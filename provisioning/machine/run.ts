import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failed } from '../errors.ts';
import type { Layout } from '../layout.ts';
import { Secret } from '../names.ts';
import type { Act, Step } from '../steps.ts';
import type { enter } from './enter.ts';

const BUILD_LOG_BYTES = 4 * 1024 * 1024;
const LAST_LINES = 12;
/** Builds get more than a running app, and outside its account's groups, so that a run limit never kills an install. */
const BUILD_LIMITS = { memoryMb: 2048, cpuPercent: 200, processes: 256 };

type Run = Extract<Act, { do: 'run' }>;
type RunAs = Extract<Act, { do: 'run-as' }>;

/** Runs a program of the foundation's as root to its end. Throws Failed with its last lines. */
export function runAsRoot(step: Run, tell: (text: string) => void): Promise<void> {
  return new Promise((done, fail) => {
    const [program = '', ...args] = step.argv;
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', ...step.env };
    const child = spawn(program, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], timeout: step.timeoutSeconds * 1000 });
    const last: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        tell(text);
        last.push(...text.split('\n').filter(Boolean));
        last.splice(0, last.length - LAST_LINES);
      });
    }
    child.on('error', fail);
    child.on('close', code => {
      if (code === 0) return done();
      fail(new Failed(`${program} ended with ${code ?? 'no answer in time'}.`, { exit: code, lastLines: last.join('\n') }));
    });
  });
}

/** Takes every secret out of a text before anybody sees it. */
export function redact(text: string, secrets: string[]): string {
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, '[hidden]'), text);
}

async function appendLog(path: string, lines: string): Promise<void> {
  await fs.mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const size = await fs.stat(path).then(
    stats => stats.size,
    () => 0,
  );
  if (size > BUILD_LOG_BYTES) await fs.rename(path, `${path}.1`);
  await fs.appendFile(path, lines, { mode: 0o600 });
}

/** Runs a program as the customer in the app's build slot; output goes to the build log and to `tell`. Throws Failed with its last lines. */
export async function runAsCustomer(
  step: RunAs & Step,
  at: Layout,
  entering: ReturnType<typeof enter>,
  machineEnv: Record<string, string>,
  tell: (text: string) => void,
): Promise<void> {
  const plain: Record<string, string> = {};
  const secrets: string[] = [];
  for (const [key, value] of Object.entries(step.env)) {
    plain[key] = value instanceof Secret ? value.reveal() : value;
    // Paths and host names are no secrets, and hiding them would hide what went wrong.
    if (/SECRET|PASSWORD|TOKEN|DATABASE_URL|_KEY$/.test(key) && plain[key].length >= 8) secrets.push(plain[key]);
  }
  const log = at.log(step.who.name, step.app, 'build');
  const last: string[] = [];
  let pending: Promise<void> = Promise.resolve();
  const write = (source: 'O' | 'B', text: string) => {
    const clean = redact(text, secrets);
    const now = new Date().toISOString();
    const lines = clean.split('\n').filter(line => line.trim());
    if (source === 'O') {
      last.push(...lines);
      last.splice(0, last.length - LAST_LINES);
      tell(clean);
    }
    const entry = lines.map(line => `${now} ${source} ${line}\n`).join('');
    pending = pending.then(() => appendLog(log, entry)).catch(() => {});
  };
  write('B', step.why);
  const request = {
    argv: step.argv,
    cwd: step.cwd,
    env: { ...machineEnv, ...plain },
    cgroup: `${at.cgroup}/_builds/${at.slotName(step.who.name, step.app)}`,
    limits: BUILD_LIMITS,
    fresh: true,
  };
  const code = await entering.run(step.who, request, step.timeoutSeconds, text => write('O', text));
  await pending;
  if (code === 0) return;
  const lastLines = last.join('\n');
  const program = step.argv[0]?.split('/').pop();
  const how = code === null ? 'was ended by a signal' : `ended with ${code}`;
  // Programs say what was wrong in their last line; people should not have to look for it.
  const said = last.at(-1)?.trim().slice(0, 300);
  throw new Failed(`${program} ${how}${said ? `: ${said}` : '.'}`, { exit: code, lastLines, help: remedy(lastLines) });
}

function remedy(lines: string): string {
  if (/No space left/.test(lines)) return 'The disk is full. Free some space, then try again.';
  if (/Temporary failure in name resolution|ConnectionError|Could not find a version|No matching distribution|Read timed out/.test(lines)) {
    return 'The package index could not be reached or does not have the package. Check the network, then try again.';
  }
  return 'The build log has the whole output. Mend the cause, then try again.';
}
