import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a program as an account of this host, with the environment of a login; answers its output. */
export async function asCustomer(account: string, home: string, argv: string[], input?: string): Promise<string> {
  const program = [
    '-u',
    account,
    '--',
    '/usr/bin/env',
    '-i',
    `HOME=${home}`,
    `USER=${account}`,
    'PATH=/usr/bin:/bin',
    'LANG=C.UTF-8',
    ...argv,
  ];
  const child = run('/usr/sbin/runuser', program, { cwd: '/', maxBuffer: 16 * 1024 * 1024 });
  if (input !== undefined) child.child.stdin?.end(input);
  return (await child).stdout;
}

/** Writes a file as the customer would with an editor. */
export function writeAs(account: string, home: string, path: string, text: string): Promise<string> {
  return asCustomer(account, home, ['/usr/bin/tee', '--', path], text);
}

/** The live processes of a uid, as /proc tells: their status and control groups. */
export async function processesOf(uid: number): Promise<{ pid: number; status: string; cgroup: string }[]> {
  const found = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    if (/^State:\s+[ZX]/m.test(status) || Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? -1) !== uid) continue;
    found.push({ pid: Number(pid), status, cgroup: await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '') });
  }
  return found;
}

/** Waits until something is true, looking every 50 ms. Throws with the sentence when it never is. */
export async function until(what: string, seconds: number, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`after ${seconds} s it is still not so: ${what}`);
    await new Promise(go => setTimeout(go, 50));
  }
}
