import { chmod, chown, mkdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { dirname } from 'node:path';
import { Failed, Refused } from '../provisioning/errors.ts';
import type { Host } from '../provisioning/host.ts';
import { machine } from '../provisioning/machine/index.ts';
import { paperHost } from '../provisioning/paper/index.ts';
import { api } from './api.ts';
import { journal } from './journal.ts';
import { keeper } from './keeper.ts';
import type { Parts } from './parts.ts';
import { queue } from './queue.ts';
import { readSettings, type Settings } from './settings.ts';
import { automatic } from './stacks/automatic.ts';
import { stackKeeper } from './stacks/keeper.ts';
import type { StackTools } from './stacks/locks.ts';
import { hostHistory } from './windows/load.ts';
import { stats } from './windows/stats.ts';

const log = (line: string) => console.error(`${new Date().toISOString()} agent: ${line}`);

function listen(server: Server, where: string | { port: number; host: string }): Promise<void> {
  return new Promise((done, fail) => server.once('error', fail).listen(where as string, done));
}

async function listenOnSocket(server: Server, { at, socketGid }: Settings): Promise<void> {
  await mkdir(dirname(at.agentSocket), { recursive: true, mode: 0o755 });
  await rm(at.agentSocket, { force: true });
  // Nobody may connect in the moment before the mode is set.
  const before = process.umask(0o177);
  await listen(server, at.agentSocket);
  process.umask(before);
  if (socketGid !== null) await chown(at.agentSocket, 0, socketGid);
  await chmod(at.agentSocket, socketGid === null ? 0o600 : 0o660);
}

async function listenForPanel(parts: Parts, settings: Settings): Promise<Server[]> {
  const local = createServer(api(parts, null).callback());
  // A build may be silent for longer than any default patience.
  local.requestTimeout = 0;
  await listenOnSocket(local, settings);
  if (!settings.remote) return [local];
  const { certificate, key, token, port, host } = settings.remote;
  const tls = createTlsServer(
    { cert: await readFile(certificate), key: await readFile(key), minVersion: 'TLSv1.2' },
    api(parts, token).callback(),
  );
  tls.requestTimeout = 0;
  await listen(tls, { port, host });
  return [local, tls];
}

/** A pretend host has no package index and no slotd. */
function paperTools(): StackTools {
  const resolve = async () => {
    throw new Refused('paper', 'A pretend host has no package index.');
  };
  return { resolve, zygotes: async () => [], buildEnvironment: {} };
}

async function main(): Promise<void> {
  const settings = await readSettings();
  const paper = process.argv.includes('--paper');
  const real = paper ? null : machine(settings.at, settings);
  const host: Host = real ?? paperHost(settings.at);
  const memory = journal(settings.at);
  const line = queue(host, memory, log, manifest => own.consider(manifest));
  const keep = keeper(host, memory, line, log);
  const stackTools: StackTools = real ? { ...real, buildEnvironment: settings.buildEnvironment } : paperTools();
  const stacks = stackKeeper(host, stackTools, log, () => keep.boot());
  const automaticBounds = paper ? { count: 0, bytes: 0 } : settings.automaticStacks;
  const own = automatic(host, stacks, stackTools, automaticBounds, keep.refresh, log);
  const watch = stats(host);
  const load = hostHistory(settings.at);
  const measure: Parts['measure'] = real ? real.measure : async () => ({ bytes: 0, inodes: 0 });
  const told = { host, version: settings.version, journal: memory, keeper: keep, stats: watch, load, measure, log };
  const parts: Parts = { ...told, stacks, stackTools, automaticBounds };

  await keep.resume();
  const servers = await listenForPanel(parts, settings);
  await load.start();
  watch.start();
  console.log('agent ready');
  await keep.boot(paper);
  if (real) await stacks.resume();

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    own.stop();
    for (const server of servers) server.close();
    await Promise.all([watch.stop(), load.stop(), real?.close()]);
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
}

main().catch(error => {
  log(error instanceof Failed ? `${error.message} ${error.help}` : (error?.stack ?? String(error)));
  process.exit(1);
});
