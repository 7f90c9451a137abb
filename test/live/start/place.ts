import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { readSettings, type Settings } from '../../../agent/start/settings.ts';
import type { Host } from '../../../provisioning/host.ts';
import { machine } from '../../../provisioning/machine/index.ts';

/** A port nobody uses. */
function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Settings and the real host for folders and ports of a test's own. */
export async function place(): Promise<{ settings: Settings; host: Host; folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp('/tmp/bl-');
  await chmod(folder, 0o711);
  const settings = readSettings({
    ...process.env,
    BERTH_STATE: `${folder}/state`,
    BERTH_RUN: `${folder}/run`,
    BERTH_HOMES: `${folder}/homes`,
    BERTH_CGROUP: folder.slice('/tmp/'.length).toLowerCase(),
    BERTH_PANEL_PORT: String(await freePort()),
    BERTH_SITES_PORT: String(await freePort()),
    BERTH_DATABASE_URL: '',
    BERTH_MYSQL_URL: '',
  });
  const host = machine(settings.at, { databaseUrl: async () => '', buildEnvironment: {} });
  return { settings, host, folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs a program to its end; answers its status and all that it said. */
export function say(program: string, args: string[]): Promise<{ code: number | null; text: string }> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', piece => {
        text += piece;
      });
    }
    child.on('error', fail);
    child.on('close', code => done({ code, text }));
  });
}
