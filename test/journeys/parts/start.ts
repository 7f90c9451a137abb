import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { startInstance } from '../instance.ts';
import type { Story, Tell } from './story.ts';

const run = promisify(execFile);

/** Every process that carries this instance's folders in its environment or command line, or sits in its control groups. */
async function processesOfInstance(env: Record<string, string>): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
    const [line, groups, status] = [await read('cmdline'), await read('cgroup'), await read('status')];
    if (/^State:\s+[ZX]/m.test(status)) continue;
    const ours = line.includes(env.BERTH_STATE ?? '-') || line.includes(env.BERTH_RUN ?? '-') || groups.includes(`/${env.BERTH_CGROUP}/`);
    if (ours) found.push(line.replaceAll('\0', ' '));
  }
  return found;
}

/** The homes of accounts that a Berth on this machine has made: what changes there is its customers' doing. */
async function accountHomes(): Promise<string[]> {
  const records = (await readdir('/etc/userdb')).filter(file => file.endsWith('.user'));
  const texts = await Promise.all(records.map(file => readFile(`/etc/userdb/${file}`, 'utf8').catch(() => '')));
  return texts.flatMap(text => /"homeDirectory":"(\/home\/[^"]+)"/.exec(text)?.[1] ?? []);
}

/** Files of the system's own that have been made or changed since a moment (seconds since the epoch). */
async function changedSince(moment: number): Promise<string[]> {
  const folders = ['/etc', '/usr', '/opt', '/srv', '/boot', '/home', '/var/lib', '/var/spool'];
  const ours = [
    '/etc/userdb',
    '/var/lib/berth',
    '/var/lib/apt',
    '/var/lib/dpkg',
    '/var/lib/systemd',
    process.cwd(),
    ...(await accountHomes()),
  ];
  const pruned = ours.flatMap(path => ['-path', path, '-prune', '-o']);
  const { stdout } = await run('/usr/bin/find', [
    ...folders,
    '-xdev',
    ...pruned,
    '-newerct',
    `@${moment}`,
    '-not',
    '-name',
    '__pycache__',
    '-print',
  ]);
  // A folder's own time changes when one of the pruned ones is made.
  return stdout.split('\n').filter(path => path && !folders.includes(path));
}

/** What a newcomer sees: the printed addresses work. */
export function startJourney(test: Tell, story: () => Story): void {
  test.serial('the demo app answers with its own page through nginx at the printed address', async t => {
    const { berth } = story();
    const printed = berth.output.join('\n');
    const url = new RegExp(`http://([a-z0-9.-]+):${berth.sitesPort}`).exec(printed);
    t.truthy(url, printed);
    const page = await berth.visit(url?.[1] ?? '');
    t.is(page.status, 200);
    t.regex(page.text, /<meta name="generator" content="(Flask|Django)">/);
    t.true(printed.includes(`http://127.0.0.1:${berth.panelPort}`) || printed.includes(`http://localhost:${berth.panelPort}`), printed);
    t.like((await berth.api('GET', '/health', undefined)).json(), { status: 'ok', hosts: { online: 1, total: 1 } });
  });
}

/** At the end of the first day: what Berth did not make is as it was. */
export function untouchedJourney(test: Tell, story: () => Story, began: number): void {
  test.serial('nothing outside Berth’s own folders, packages and accounts was changed', async t => {
    t.truthy(story().berth);
    t.deepEqual(await changedSince(began), []);
  });
}

/** Ctrl-C, and a second start that finds everything. */
export function leavesNothing(test: Tell, story: () => Story): void {
  test.serial('Ctrl-C leaves no process behind', async t => {
    const { berth } = story();
    t.is(await berth.stop(), 0);
    t.deepEqual(await processesOfInstance(berth.env), []);
  });

  test.serial('a second start finds all data and builds nothing again', async t => {
    const { berth } = story();
    const started = Date.now();
    const again = await startInstance(berth.env, line => t.log(line));
    story().berth = again;
    t.log(`ready after ${Date.now() - started} ms`);
    t.true(Date.now() - started < 30_000);
    t.notRegex(again.output.join('\n'), /Install|pip|Create the|npm packages/i);
    t.regex((await again.visit('hello-demotest.localhost')).text, /<meta name="generator"/);
    const plans = (await again.api('GET', '/plans')).text;
    t.regex(plans, /small/);
    t.is(await again.stop(), 0);
    t.deepEqual(await processesOfInstance(berth.env), []);
  });
}
