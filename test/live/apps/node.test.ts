import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { type Held, held, live, unable } from '../slotd/held.ts';
import { eventually } from '../slotd/until.ts';

const serial = live(test);
const PATH = `${dirname(process.execPath)}:/usr/bin:/bin`;
const MORE = { kind: 'command', entry: null, idleSeconds: 60, limits: { memoryMb: 256, cpuPercent: 200, processes: 60, openFiles: 256 } };
const packages = mkdtempSync('/tmp/bn-');

test.before('packages', t => {
  t.timeout(120_000);
  if (unable !== null) return;
  writeFileSync(join(packages, 'package.json'), '{"private":true}');
  const words = ['install', '--no-audit', '--no-fund', '--no-save', 'express@5', 'koa@3', 'ws@8'];
  const done = spawnSync('npm', words, { cwd: packages, encoding: 'utf8' });
  t.is(done.status, 0, done.stderr);
});

test.after.always(() => rmSync(packages, { recursive: true, force: true }));

/** Makes and loads a Node app with the packages beside it. */
async function app(server: Held, name: string, files: Record<string, string>, argv: string[], more: Record<string, unknown> = {}) {
  const spec = server.make('ada', name, files, { ...MORE, argv, ...more }, { PATH });
  cpSync(join(packages, 'node_modules'), join(spec.root, 'node_modules'), { recursive: true });
  const answer = await server.ask({ op: 'load', name: spec.name });
  if (!answer.ok) throw new Error(answer.error);
  return spec;
}

const EXPRESS = `
const express = require('express');
const app = express();
app.post('/size', (req, res) => { let n = 0; req.on('data', d => { n += d.length; }).on('end', () => res.send(String(n))); });
app.get('/slow', (req, res) => setTimeout(() => res.send('slow'), 700));
app.get('/', (req, res) => res.json({ ip: req.ip, port: server.address().port, pid: process.pid }));
const server = app.listen(process.env.PORT, () => console.log('up at ' + server.address().port));
require('http').createServer((req, res) => res.end('second')).listen(0, '127.0.0.1', function () { console.log('beside ' + this.address().port); });
`;

serial(
  'an Express app in the CommonJS style: wakes, answers, sleeps, wakes; nothing of it listens elsewhere but what it asked for',
  async t => {
    const server = await held(t);
    const pack = JSON.stringify({ scripts: { start: 'node index.js' } });
    const { name } = await app(server, 'exp', { 'index.js': EXPRESS, 'package.json': pack }, ['npm', 'start'], { idleSeconds: 1 });
    const first = JSON.parse((await server.get(name)).body);
    t.is(first.ip, '127.0.0.1');
    t.is(first.port, 3000);
    t.deepEqual((await server.status(name)).pids, [first.pid], 'npm does not stay beside the app');
    t.is((await server.get(name, '/size', 'POST', Buffer.alloc(1 << 20, 'x'))).body, String(1 << 20));
    t.regex(await server.says(name, /up at 3000/), /O up at 3000/);
    t.regex(server.log(name), /O beside (?!3000)\d+/);
    await server.until(name, status => status.state === 'asleep' && status.pids.length === 0);
    t.not(JSON.parse((await server.get(name)).body).pid, first.pid);
  },
);

serial('a Koa app as ES module takes its slot though it asked for a fixed port, and keeps its own NODE_OPTIONS', async t => {
  const server = await held(t);
  const code = `
import Koa from 'koa';
const app = new Koa();
app.use(ctx => { ctx.body = 'koa ' + ctx.path + ' ' + (globalThis.gc !== undefined) + ' ' + process.env.NODE_OPTIONS.includes('--trace-warnings'); });
app.listen({ port: 3000, host: '0.0.0.0' });
`;
  const files = { 'main.mjs': code };
  const spec = server.make(
    'ada',
    'koa',
    files,
    { ...MORE, argv: ['node', '--expose-gc', 'main.mjs'] },
    { PATH, NODE_OPTIONS: '--trace-warnings' },
  );
  cpSync(join(packages, 'node_modules'), join(spec.root, 'node_modules'), { recursive: true });
  t.true((await server.ask({ op: 'load', name: spec.name })).ok);
  t.is((await server.get(spec.name, '/x')).body, 'koa /x true true');
});

serial('a restart under load loses nothing, also of an app that ends at once on SIGTERM; so does tmp/restart.txt', async t => {
  const server = await held(t);
  const code = (word: string, handler: string) => `
const http = require('http');
http.createServer((req, res) => setTimeout(() => res.end('${word} ' + process.pid), 20)).listen(3000);
${handler}
`;
  const rude = "process.on('SIGTERM', () => process.exit(3));";
  const spec = await app(server, 'load', { 's.js': code('1', rude) }, ['node', 's.js']);
  const seen = new Map<string, number>();
  let [going, failed] = [true, 0];
  t.teardown(() => {
    going = false;
  });
  const clients = Array.from({ length: 4 }, async () => {
    while (going) {
      const answer = await server.get(spec.name).catch(() => null);
      if (answer?.status === 200) seen.set(answer.body, (seen.get(answer.body) ?? 0) + 1);
      else failed++;
    }
  });
  await server.until(spec.name, status => status.state === 'running');
  server.make('ada', 'load', { 's.js': code('2', '') }, { ...MORE, argv: ['node', 's.js'], generation: 2 }, { PATH });
  t.true((await server.ask({ op: 'load', name: spec.name })).ok);
  await server.until(spec.name, status => status.state === 'running' && status.generation === 2 && status.pids.length === 1);
  t.is((await server.get(spec.name)).body.slice(0, 2), '2 ');
  const { pids } = await server.status(spec.name);
  writeFileSync(join(spec.root, 's.js'), code('3', rude));
  const file = join(spec.root, 'tmp/restart.txt');
  server.make('ada', 'load', { 'tmp/restart.txt': '' }, { ...MORE, argv: ['node', 's.js'], generation: 2 }, { PATH });
  utimesSync(file, new Date(), new Date());
  await server.until(spec.name, status => status.pids.length === 1 && status.pids[0] !== pids[0]);
  t.is((await server.get(spec.name)).body.slice(0, 2), '3 ');
  going = false;
  await Promise.all(clients);
  t.is(failed, 0);
  t.is(new Set([...seen.keys()].map(body => body[0])).size, 3);
});

serial('SIGTERM: what was accepted is finished, the next one answers; an own handler is left alone', async t => {
  const server = await held(t);
  const { name } = await app(server, 'term', { 'index.js': EXPRESS }, ['node', 'index.js']);
  t.is((await server.get(name)).status, 200);
  const slow = server.get(name, '/slow');
  await pause(200);
  process.kill((await server.status(name)).pids[0] ?? 0, 'SIGTERM');
  const next = server.get(name);
  t.is((await slow).body, 'slow');
  t.is((await next).status, 200);
  const own = `process.on('SIGTERM', () => { console.log('my own end'); process.exit(0); });\n${EXPRESS}`;
  const second = await app(server, 'own', { 'index.js': own }, ['node', 'index.js'], { idleSeconds: 1 });
  t.is((await server.get(second.name)).status, 200);
  await server.says(second.name, /O my own end/);
});

serial('a WebSocket passes, keeps its app awake, and cluster workers share the slot', async t => {
  const server = await held(t);
  const code = `
const cluster = require('cluster');
if (cluster.isPrimary) { cluster.fork(); cluster.fork(); }
else {
  const http = require('http').createServer((req, res) => res.end('worker ' + cluster.worker.id));
  new (require('ws').WebSocketServer)({ server: http }).on('connection', s => s.on('message', m => s.send('echo ' + m)));
  http.listen(8080);
}`;
  const { name, socket } = await app(server, 'ws', { 'a.js': code }, ['node', 'a.js'], { idleSeconds: 1 });
  const seen = new Set<string>();
  await eventually(async () => seen.add((await server.get(name)).body).size === 2);
  t.deepEqual([...seen].sort(), ['worker 1', 'worker 2']);
  const line = connect(socket);
  const heard: Buffer[] = [];
  line.on('data', piece => heard.push(piece));
  const head = 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n';
  line.write(`${head}Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`);
  await pause(2500); // longer than the idle time
  line.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]));
  await pause(200);
  t.regex(Buffer.concat(heard).toString('latin1'), /101 Switching[\s\S]*echo hi/);
  line.destroy();
  await server.until(name, status => status.state === 'asleep' && status.pids.length === 0);
});

serial('a command that does not start rests, with its last words as the cause', async t => {
  const server = await held(t);
  const { name } = await app(server, 'bad', { 'a.js': "require('no-such-thing')" }, ['node', 'a.js']);
  t.is((await server.get(name)).status, 503);
  const status = await server.until(name, found => found.state === 'backing-off');
  t.regex(status.reason ?? '', /exit code 1: Error: Cannot find module 'no-such-thing'/);
});

serial('a $PORT command is woken, answered by, put to sleep and restarted without loss', async t => {
  const server = await held(t);
  const code = `
const [port] = process.argv.slice(2);
require('http').createServer((req, res) => { let n = 0; req.on('data', d => { n += d.length; }).on('end', () => res.end(n + ' ' + req.url)); }).listen(port, '127.0.0.1');
`;
  const more = { listen: 'port', idleSeconds: 1 };
  const { name } = await app(server, 'port', { 'a.js': code }, ['node', 'a.js', '$PORT'], more);
  t.is((await server.get(name, '/a', 'POST', Buffer.alloc(1 << 20, 'x'))).body, '1048576 /a');
  t.is((await server.status(name)).pids.length, 2);
  await server.until(name, status => status.state === 'asleep' && status.pids.length === 0 && status.requests === 1);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => server.get(name, `/${n}`)));
  t.deepEqual(
    answers.map(answer => answer.body),
    answers.map((_, n) => `0 /${n}`),
  );
  const visits = Promise.all(Array.from({ length: 20 }, (_, n) => server.get(name, `/${n}`)));
  server.make('ada', 'port', {}, { ...MORE, ...more, argv: ['node', 'a.js', '$PORT'], generation: 2 }, { PATH });
  t.true((await server.ask({ op: 'load', name })).ok);
  t.true((await visits).every(answer => answer.status === 200));
  await server.until(name, status => status.generation === 2);
  t.is((await server.get(name)).status, 200);
  const { name: bad } = await app(server, 'deaf', { 'a.js': 'process.exit(7)' }, ['node', 'a.js'], more);
  t.is((await server.get(bad)).status, 503);
  t.regex((await server.until(bad, found => found.state === 'backing-off')).reason ?? '', /exit code 7/);
});
