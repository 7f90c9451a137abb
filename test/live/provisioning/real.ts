import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildEnvironment } from '../../../agent/settings.ts';
import { layout } from '../../../provisioning/layout.ts';
import { machine } from '../../../provisioning/machine/index.ts';

const run = promisify(execFile);

async function answers(socket: string): Promise<boolean> {
  return new Promise(done => {
    const line = connect(socket, () => {
      line.destroy();
      done(true);
    });
    line.on('error', () => done(false));
  });
}

async function waitFor(socket: string, child: ChildProcess): Promise<void> {
  for (let look = 0; look < 600; look++) {
    if (await answers(socket)) return;
    if (child.exitCode !== null) break;
    await new Promise(go => setTimeout(go, 50));
  }
  throw new Error(`${child.spawnargs.join(' ')} does not listen on ${socket}`);
}

/** Ends a server for certain: one that has only just started may not hear the first signal. */
async function ended(child: ChildProcess): Promise<void> {
  for (let second = 0; child.exitCode === null && child.signalCode === null; second++) {
    const gone = new Promise(done => child.once('exit', done));
    child.kill(second < 8 ? 'SIGTERM' : 'SIGKILL');
    await Promise.race([gone, new Promise(go => setTimeout(go, 1000))]);
  }
}

/** The real machine with a database server and a slot server of its own, in folders of its own. */
export async function realHost() {
  const folder = await mkdtemp('/tmp/bm-');
  const id = folder.slice(-6).toLowerCase();
  const at = layout({
    state: join(folder, 's'),
    run: join(folder, 'r'),
    homes: join(folder, 'h'),
    code: process.cwd(),
    cgroup: `berth-test-${id}`,
  });
  await run('/bin/chmod', ['0711', folder]);
  for (const path of [
    at.state,
    at.run,
    at.homes,
    at.mysqlData,
    at.mysqlRun,
    at.sites,
    at.siteHomesOf('http'),
    at.siteRecords,
    at.users,
    at.tmps,
  ])
    await mkdir(path, { recursive: true, mode: 0o755 });
  await run(
    'mariadb-install-db',
    [`--datadir=${at.mysqlData}`, '--user=root', '--auth-root-authentication-method=normal', '--skip-test-db'],
    { env: { ...process.env, TMPDIR: folder } },
  );
  const options = [
    '--no-defaults',
    `--datadir=${at.mysqlData}`,
    `--socket=${at.mysqlSocket}`,
    '--skip-networking',
    '--user=root',
    `--pid-file=${folder}/db.pid`,
    '--innodb-buffer-pool-size=32M',
  ];
  const database = spawn('mariadbd', options, { stdio: 'ignore', env: { ...process.env, TMPDIR: folder } });
  const env = { PATH: '/usr/bin:/bin', BERTH_STATE: at.state, BERTH_RUN: at.run, BERTH_HOMES: at.homes, BERTH_CGROUP: at.cgroup };
  const slotd = spawn('/usr/bin/python3', ['-I', '-S', '-u', join(at.slotdFolder, 'slotd.py')], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await Promise.all([waitFor(at.mysqlSocket, database), waitFor(at.slotdSocket, slotd)]);
  const databaseUrl = async () => `mysql://root@localhost/?socketPath=${encodeURIComponent(at.mysqlSocket)}`;
  const host = machine(at, { databaseUrl, buildEnvironment: buildEnvironment(process.env) });
  const stop = async () => {
    await host.close();
    await Promise.all([ended(slotd), ended(database)]);
    await rm(folder, { recursive: true, force: true });
  };
  return { host, at, stop, folder };
}
