import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { freePort } from '../journeys/instance.ts';

const run = promisify(execFile);
const TOKEN = 'a-token-of-more-than-thirty-two-characters';

function agent(env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', 'agent/main.ts', '--paper'], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function said(child: ChildProcess, what: RegExp): Promise<string> {
  return new Promise((done, fail) => {
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', chunk => {
        text += chunk;
        if (what.test(text)) done(text);
      });
    }
    child.once('close', () => fail(new Error(`ended without ${what}: ${text}`)));
  });
}

function get(port: number, ca: string, authorization: string): Promise<number> {
  return new Promise((done, fail) => {
    const asked = request(
      { host: 'localhost', port, ca, path: '/health', headers: { Authorization: authorization }, agent: false },
      answer => {
        answer.resume().on('end', () => done(answer.statusCode ?? 0));
      },
    );
    asked.on('error', fail).end();
  });
}

test('a panel elsewhere reaches the agent over TLS with its token, and only with it', async t => {
  const folder = await mkdtemp('/tmp/bt-');
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  await run('/usr/bin/openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    key,
    '-out',
    certificate,
    ...subject,
  ]);
  const port = await freePort();
  const env = {
    BERTH_STATE: folder,
    BERTH_RUN: folder,
    BERTH_AGENT_LISTEN: `127.0.0.1:${port}`,
    BERTH_AGENT_TOKEN: TOKEN,
    BERTH_AGENT_CERTIFICATE: certificate,
    BERTH_AGENT_KEY: key,
  };
  const child = agent(env);
  t.teardown(async () => {
    // It writes its history as it ends; the folder goes after that.
    const ended = new Promise(done => child.once('exit', done));
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  await said(child, /agent ready/);
  const ca = await readFile(certificate, 'utf8');
  t.is(await get(port, ca, `Bearer ${TOKEN}`), 200);
  for (const wrong of ['', 'Bearer ', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`]) t.is(await get(port, ca, wrong), 401);
});

test('an address without the rest is refused with what is missing', async t => {
  const folder = await mkdtemp('/tmp/bt-');
  const child = agent({ BERTH_STATE: folder, BERTH_RUN: folder, BERTH_AGENT_LISTEN: '127.0.0.1:1', BERTH_AGENT_TOKEN: 'short' });
  t.regex(await said(child, /BERTH_AGENT_KEY/), /BERTH_AGENT_TOKEN \(32 characters or more\)/);
  await rm(folder, { recursive: true, force: true });
});
