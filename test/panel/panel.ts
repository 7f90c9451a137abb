import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type TestFn } from 'ava';
import { startPanel } from '../../panel/main.ts';
import type { Settings } from '../../panel/settings.ts';
import { type FakeAgent, startAgent } from './agent.ts';
import { csrfOf } from './csrf.ts';
import { missingDatabase, startDatabase } from './database.ts';

export const ADMIN_TOKEN = 'a-token-for-the-tests';
export const ADMIN_PASSWORD = 'a password for the tests';

/** An answer, read. */
export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely
  json: any;
  text: string;
}

/** A running panel with a private database and a fake agent. */
export interface Stage {
  agent: FakeAgent;
  base: string;
  /** The port of the WHM-compatible API. */
  whmPort(): number;
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  raw(method: string, path: string, headers?: Record<string, string>, body?: string): Promise<Answer>;
  /** Waits until a job has ended. */
  job(id: string): Promise<Answer['json']>;
  /** Opens an account on a small plan and waits until it stands. */
  account(username: string): Promise<{ password: string }>;
  /** A token that speaks for an account's customer. */
  customerToken(username: string): Promise<string>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

async function ask(base: string, method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer> {
  const answer = await fetch(`${base}${path}`, { method, headers, body, redirect: 'manual' });
  const text = await answer.text();
  const json = /json/.test(answer.headers.get('content-type') ?? '') && text ? JSON.parse(text) : null;
  return { status: answer.status, headers: answer.headers, json, text };
}

/** Starts a panel for a file of tests. */
export async function startStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-agent-'));
  const database = await startDatabase();
  const agentSocket = join(folder, 'agent.sock');
  const agent = await startAgent(agentSocket);
  const secrets = { adminToken: ADMIN_TOKEN, adminPassword: ADMIN_PASSWORD };
  const place = {
    port: 0,
    origin: 'http://localhost',
    loopback: true,
    trustedProxy: '',
    sitesDomain: 'sites.test',
    sitesPort: 8080,
    firstUid: 200_000,
    whm: { port: 0, chosen: true, address: '127.0.0.1', files: null, repair: true },
  };
  const settings: Settings = { databaseUrl: database.uri, agentSocket, ...place, ...secrets };
  let panel = await startPanel(settings);
  const stage: Stage = {
    agent,
    base: `http://127.0.0.1:${panel.port}`,
    whmPort: () => panel.whmPort,
    raw: (method, path, headers = {}, body) => ask(stage.base, method, path, headers, body),
    api(method, path, body, headers = {}) {
      const type: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
      const sent = body === undefined ? undefined : JSON.stringify(body);
      return ask(stage.base, method, `/api/v1${path}`, { Authorization: `Bearer ${ADMIN_TOKEN}`, ...type, ...headers }, sent);
    },
    async job(id) {
      for (let attempt = 0; attempt < 200; attempt++) {
        const { json } = await stage.api('GET', `/jobs/${id}`);
        if (json.state === 'done' || json.state === 'failed') return json;
        await sleep(50);
      }
      throw new Error(`job ${id} does not end`);
    },
    async account(username) {
      await stage.api('POST', '/plans', { name: 'small' });
      const made = await stage.api('POST', '/accounts', { username, email: `${username}@example.org`, plan: 'small' });
      if (made.status !== 201) throw new Error(made.text);
      await stage.job(made.json.job);
      return { password: made.json.password };
    },
    async customerToken(username) {
      const link = await stage.api('POST', `/accounts/${username}/login-links`);
      const entered = await stage.raw('GET', new URL(link.json.url).pathname);
      const cookie = /__Host-berth=[^;]+/.exec(entered.headers.get('set-cookie') ?? '')?.[0] ?? '';
      const headers = { Cookie: cookie, Origin: stage.base, 'X-CSRF-Token': await csrfOf(cookie), 'Content-Type': 'application/json' };
      const made = await stage.raw('POST', '/api/v1/tokens', headers, JSON.stringify({ name: 'test' }));
      if (made.status !== 201) throw new Error(made.text);
      return made.json.token;
    },
    async restart() {
      await panel.close();
      panel = await startPanel(settings);
      stage.base = `http://127.0.0.1:${panel.port}`;
    },
    async stop() {
      await panel.close();
      await agent.stop();
      await database.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return stage;
}

/** ava's serial test on a stage of its own, or a test that is skipped with the reason said. */
export function onStage(): { it: TestFn['serial']; stage: () => Stage } {
  let stage: Stage | null = null;
  const missing = missingDatabase();
  if (missing) {
    test.skip(`skipped: ${missing}`, t => t.pass());
    return { it: test.serial.skip as unknown as TestFn['serial'], stage: () => stage! };
  }
  test.before(async t => {
    t.timeout(60_000);
    stage = await startStage();
  });
  test.after.always(() => stage?.stop());
  return { it: test.serial, stage: () => stage! };
}
