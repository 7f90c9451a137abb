import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { api } from '../../agent/api.ts';
import { journal } from '../../agent/journal.ts';
import { keeper } from '../../agent/keeper.ts';
import { queue } from '../../agent/queue.ts';
import { stackKeeper } from '../../agent/stacks/keeper.ts';
import { hostHistory } from '../../agent/windows/load.ts';
import { stats } from '../../agent/windows/stats.ts';
import type { Host } from '../../provisioning/host.ts';
import { layout } from '../../provisioning/layout.ts';
import { blankPaper, type Paper, paperHost } from '../../provisioning/paper/index.ts';

/** An agent on a pretend host, its state in a folder of its own; `slow` sees every step before it is done. */
export async function startAgent(folder?: string, paper: Paper = blankPaper(), slow: (why: string) => Promise<void> = async () => {}) {
  const state = folder ?? (await mkdtemp('/tmp/ba-'));
  const at = layout({ state, run: state, homes: '/home', code: process.cwd(), cgroup: 'berth-none' });
  const pretend = paperHost(at, paper);
  const host: Host = {
    ...pretend,
    act: async (step, tell) => {
      await slow(step.why);
      await pretend.act(step, tell);
    },
  };
  const memory = journal(at);
  const line = queue(host, memory, () => {});
  const keep = keeper(host, memory, line, () => {});
  const stackTools = {
    resolve: async ({ requirements }: { requirements: string[] }) =>
      requirements.map(text => ({ name: text.split('==')[0] ?? '', version: text.split('==')[1] ?? '1.0', sha256: 'a'.repeat(64) })),
    zygotes: async () => [],
    buildEnvironment: {},
  };
  const parts = {
    host,
    version: '0.0.0',
    journal: memory,
    keeper: keep,
    stats: stats(host),
    load: hostHistory(at),
    stacks: stackKeeper(host, stackTools, () => {}, keep.boot),
    stackTools,
    automaticBounds: { count: 0, bytes: 0 },
    measure: async () => ({ bytes: 7, inodes: 1 }),
    log: () => {},
  };
  const server = createServer(api(parts, null).callback());
  const socket = join(state, `agent-${Math.random().toString(36).slice(2)}.sock`);
  await new Promise<void>(done => server.listen(socket, done));
  const abandon = () => {
    server.close();
    server.closeAllConnections();
  };
  const stop = async () => {
    abandon();
    await line.idle();
    if (!folder) await rm(state, { recursive: true, force: true });
  };
  return {
    state,
    paper,
    keep,
    line,
    at,
    socket,
    parts,
    stop,
    abandon,
    call: (method: string, path: string, body?: unknown) => call(socket, method, path, body),
  };
}

// biome-ignore-start lint/suspicious/noExplicitAny: tests look into answers of every shape
/** One request to an agent's socket; a stream of JSON lines is read to its end. */
export function call(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; text: string; json: () => any; lines: () => any[] }> {
  return new Promise((done, fail) => {
    const content = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const headers = { 'Content-Length': Buffer.byteLength(content) };
    const asked = request({ socketPath, method, path, headers }, answer => {
      let text = '';
      answer.setEncoding('utf8').on('data', chunk => {
        text += chunk;
      });
      answer.on('end', () => {
        const lines = () =>
          text
            .trim()
            .split('\n')
            .map(line => JSON.parse(line));
        done({ status: answer.statusCode ?? 0, text, json: () => JSON.parse(text), lines });
      });
      answer.on('error', fail);
    });
    asked.on('error', fail);
    asked.end(content);
  });
}
// biome-ignore-end lint/suspicious/noExplicitAny: as above
