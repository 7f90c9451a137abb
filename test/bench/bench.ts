import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { accountRows } from './accounts.ts';
import { Berth } from './berth.ts';
import { firstByte } from './client.ts';
import { type Ground, layGround } from './ground.ts';
import { lossRows } from './losses.ts';
import { neighbours, register } from './many.ts';
import { nginx } from './nginx.ts';
import { makeOwnStack } from './own.ts';
import { installPeers } from './packages.ts';
import { stopAll } from './process.ts';
import { type Row, table, writeJson } from './report.ts';
import type { Effort, Stage } from './stage.ts';
import { crowdRow, perRequestRow, wakes } from './wakes.ts';
import { residentRow, sleepingRows, warmRows } from './weight.ts';

const USERS = 20;
const FULL: Effort = {
  wakes: 20,
  crowds: 5,
  loads: 5,
  loadSeconds: 10,
  registered: 20,
  restSeconds: 10,
  slots: 10_000,
  requests: 100_000,
  accounts: 1000,
};
const QUICK: Effort = {
  wakes: 7,
  crowds: 2,
  loads: 3,
  loadSeconds: 3,
  registered: 10,
  restSeconds: 3,
  slots: 10_000,
  requests: 10_000,
  accounts: 200,
};
const OUTPUT = '/tmp/berth-bench.json';

/** Forbids packages to start services while they are installed. Returns how to undo it. */
function forbidServices(path: string): () => void {
  writeFileSync(path, '#!/bin/sh\nexit 101\n', { flag: 'wx' });
  chmodSync(path, 0o755);
  return () => rmSync(path);
}

/** Groups of rows that can be measured by themselves: `--only wakes,load`. */
const PARTS: Record<string, (stage: Stage) => Promise<Row[]>> = {
  boot: async stage => [await firstAfterBoot(stage)],
  wakes: wakes,
  each: async stage => [await perRequestRow(stage)],
  crowd: async stage => [await crowdRow(stage)],
  memory: async stage => [await residentRow(stage)],
  load: warmRows,
  asleep: sleepingRows,
  many: neighbours,
  lost: lossRows,
};
/** The same for what starts a whole Berth and needs no ground laid for it. */
const ALONE: Record<string, (effort: Effort) => Promise<Row[]>> = {
  accounts: effort => accountRows(effort.accounts),
};
const NAMES = [...Object.keys(PARTS), ...Object.keys(ALONE)];
// Whose figures need which slot servers.
const FEW = ['memory', 'asleep', 'many'];
const MANY = ['asleep', 'many'];

async function setUp(ground: Ground, effort: Effort, parts: string[]): Promise<Stage> {
  const [main, few, many] = [new Berth(ground, 'main'), new Berth(ground, 'few'), new Berth(ground, 'many')];
  const stage: Stage = { ground, effort, main, few, many, emperor: null };
  // By the rule and the steps by which Berth makes it for an app that brings its own version.
  const ownStack = parts.includes('wakes') ? await makeOwnStack(main.at, ground.ownPackages) : null;
  for (const user of ground.users) {
    main.write(user, { app: 'dj', kind: 'django', stack: 'django-5.2', idle: 2 });
    main.write(user, { app: 'own', kind: 'own', stack: ownStack, idle: 2 });
    main.write(user, { app: 'bare', kind: 'own', stack: null, idle: 2 });
    main.write(user, { app: 'fl', kind: 'flask', stack: 'flask-3', idle: 2 });
  }
  if (needs(parts, FEW)) register(stage, few, 10);
  if (needs(parts, MANY)) register(stage, many, effort.slots);
  return stage;
}

const needs = (parts: string[], some: string[]) => parts.some(part => some.includes(part));

/** slotd's start and the very first visit after it, before any zygote has had time to load. */
async function firstAfterBoot(stage: Stage): Promise<Row> {
  const began = process.hrtime.bigint();
  await stage.main.start();
  await firstByte({ host: '127.0.0.1', port: stage.ground.port }, 'dj-0.main');
  const took = Number(process.hrtime.bigint() - began) / 1e6;
  return { figure: 'start of slotd and first answer', unit: 'ms', berth: [took], goal: 'told', met: () => true };
}

async function measure(stage: Stage, parts: string[]): Promise<Row[]> {
  await nginx(stage.ground, [stage.main, stage.few, stage.many]);
  const rows: Row[] = [];
  if (!parts.includes('boot')) await stage.main.start();
  if (needs(parts, FEW)) await stage.few.start();
  if (parts.includes('many') && !parts.includes('asleep')) await stage.many.start();
  for (const part of parts) {
    begin(part);
    rows.push(...(await PARTS[part]!(stage)));
  }
  return rows;
}

const begin = (part: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${part} …`);

/** The parts asked for, in their own order; all of them when none is named. */
function wanted(argv: string[]): string[] {
  const at = argv.indexOf('--only');
  if (at < 0) return NAMES;
  const names = (argv[at + 1] ?? '').split(',');
  const strange = names.find(name => !NAMES.includes(name));
  if (strange !== undefined) throw new Error(`--only takes some of ${NAMES.join(',')}, not "${strange}".`);
  return NAMES.filter(name => names.includes(name));
}

/** The parts that are measured side by side, on the same ground. */
async function together(parts: string[], effort: Effort): Promise<Row[]> {
  installPeers(forbidServices);
  console.log('Laying out the same apps for every server …');
  const stage = await setUp(await layGround(USERS), effort, parts);
  const { folder } = stage.ground;
  const clear = async () => {
    await Promise.all([stage.main, stage.few, stage.many].map(berth => berth.end()));
    await stopAll();
    stage.ground.clear();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => clear().finally(() => process.exit(1)));
  try {
    return await measure(stage, parts);
  } catch (error) {
    for (const log of ['main', 'few', 'many', 'uwsgi', 'gunicorn', 'modwsgi', 'passenger', 'nginx', 'cgi']) {
      const path = `${folder}/${log}.log`;
      if (existsSync(path)) console.error(`--- ${log}: ${readFileSync(path, 'utf8').slice(-800)}`);
    }
    throw error;
  } finally {
    await clear();
  }
}

async function main(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('The benchmarks start servers as other users and need root.');
  const quick = process.argv.includes('--quick');
  const effort = quick ? QUICK : FULL;
  const parts = wanted(process.argv);
  const shared = parts.filter(part => part in PARTS);
  const rows = shared.length ? await together(shared, effort) : [];
  for (const part of parts.filter(part => part in ALONE)) {
    begin(part);
    rows.push(...(await ALONE[part]!(effort)));
  }
  console.log(`\n${table(rows)}`);
  writeJson(OUTPUT, rows, quick);
  console.log(`\nEvery sample is in ${OUTPUT}.`);
}

await main();
process.exit(0);
