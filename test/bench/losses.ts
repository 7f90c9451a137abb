import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Berth } from './berth.ts';
import type { User } from './ground.ts';
import { DILIGENT, lose } from './lost.ts';
import type { Row } from './report.ts';
import type { Stage } from './stage.ts';

const APPS = 6;
const APP = 'lost';

function post(port: number, host: string, path: string, word: string): Promise<{ status: number; body: string }> {
  return new Promise((done, fail) => {
    const headers = { Host: host, 'Content-Length': word.length, Connection: 'close' };
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', agent: false, headers }, answer => {
      let body = '';
      answer.on('data', piece => {
        body += piece;
      });
      answer.on('end', () => done({ status: answer.statusCode ?? 0, body }));
      answer.on('error', fail);
    });
    sent.on('error', fail);
    sent.end(word);
  });
}

/** Writes an app's spec, in this generation; every third is always on, every other has two processes. */
function write(berth: Berth, user: User, generation: number): string {
  const root = join(user.home, APP);
  const host = berth.write(user, { app: APP, kind: 'flask', stack: null, idle: 1 });
  const path = berth.at.slotSpec(user.name, APP);
  const spec = JSON.parse(readFileSync(path, 'utf8'));
  const more = { mode: user.n % 3 === 2 ? 'always-on' : 'on-demand', workers: 1 + (user.n % 2) };
  writeFileSync(path, JSON.stringify({ ...spec, root, venv: null, entry: 'app:application', generation, ...more }), { mode: 0o600 });
  return host;
}

const slotd = async (berth: Berth): Promise<number> => Number((await berth.ask({ op: 'ping' })).pid);

/** Waits until another slotd than this one answers. */
async function next(berth: Berth, old: number): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await pause(20)) if ((await slotd(berth).catch(() => old)) !== old) return;
  throw new Error('No other slotd came.');
}

/** Counts what is lost among many requests through nginx while slotd, workers and versions come and go. */
export async function lossRows(stage: Stage): Promise<Row[]> {
  const { ground, main, effort } = stage;
  const users = ground.users.slice(0, APPS);
  const generations = users.map(() => 1);
  const hosts = users.map(user => {
    const root = join(user.home, APP);
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, 'app.py'), DILIGENT);
    chownSync(root, user.uid, user.uid);
    return write(main, user, 1);
  });
  for (const user of users) await main.load(user, APP);
  const found = await lose(
    {
      apps: users.length,
      steady: users.flatMap((user, app) => (user.n % 3 === 2 ? [app] : [])),
      post: (app, path, word) => post(ground.port, hosts[app] ?? '', path, word),
      done: app => join(users[app]?.home ?? '', APP, 'done.txt'),
      reload: async app => {
        const user = users[app]!;
        write(main, user, ++generations[app]!);
        await main.load(user, APP);
      },
      slotd: {
        restart: async () => {
          const old = await slotd(main);
          await main.ask({ op: 'restart' });
          await next(main, old);
        },
        kill: async () => {
          const old = await slotd(main);
          process.kill(old, 'SIGKILL');
          await next(main, old);
        },
      },
    },
    effort.requests,
  );
  for (const user of users) await main.ask({ op: 'unload', name: main.at.slotName(user.name, APP) });
  for (const line of found.lost.slice(0, 10)) console.error(`lost: ${line}`);
  const bad = found.lost.length + found.twice.length;
  const note = Object.entries(found.happened)
    .map(([what, times]) => `${times} × ${what}`)
    .join(', ');
  const figure = `requests lost or carried out twice, of ${found.sent}`;
  return [{ figure, unit: '', berth: [bad], goal: '0', met: (_, b) => b === 0, note }];
}
