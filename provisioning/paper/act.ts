import { createHash } from 'node:crypto';
import { pins } from '../catalog/recipe.ts';
import { nativeHash } from '../database/password.ts';
import type { Layout } from '../layout.ts';
import type { SlotSpec } from '../slot/spec.ts';
import type { Act, HomeOp, Mark, SqlStatement, Step } from '../steps.ts';
import type { Paper } from './state.ts';

type Handlers = {
  [Kind in Act['do']]: (step: Extract<Step, { do: Kind }>, paper: Paper, at: Layout, tell: (text: string) => void) => void;
};

const sha = (text: string) => createHash('sha256').update(text).digest('hex');

function leaveMark(mark: Mark | undefined, paper: Paper): void {
  if (!mark) return;
  const marks = paper.marks.get(mark.account) ?? new Map<string, string>();
  paper.marks.set(mark.account, marks.set(mark.name, mark.digest));
}

function deleteBelow(names: { keys(): Iterable<string>; delete(name: string): unknown }, path: string, itself = true): void {
  for (const name of [...names.keys()]) if ((itself && name === path) || name.startsWith(`${path}/`)) names.delete(name);
}

function homeOp(op: HomeOp, paper: Paper): void {
  if (op.op === 'folder') paper.home.set(op.path, { kind: 'folder', mode: op.mode });
  if (op.op === 'file') paper.home.set(op.path, { kind: 'file', mode: op.mode, text: op.text, digest: sha(op.text) });
  if (op.op === 'link') paper.home.set(op.path, { kind: 'link', mode: 0o777, target: op.target });
  if (op.op === 'remove' || op.op === 'empty')
    for (const things of [paper.home, paper.environments]) deleteBelow(things, op.path, op.op === 'remove');
}

function sql(statement: SqlStatement, paper: Paper): void {
  const user = 'user' in statement ? paper.users.get(statement.user) : undefined;
  if (statement.sql === 'create-database') paper.databases.add(statement.name);
  if (statement.sql === 'drop-database') paper.databases.delete(statement.name);
  if (statement.sql === 'create-user') {
    const known = user ?? { locked: false, grants: [], sessions: 0 };
    paper.users.set(statement.user, { ...known, hash: nativeHash(statement.password.reveal()), maxConnections: statement.maxConnections });
  }
  if (statement.sql === 'drop-user') paper.users.delete(statement.user);
  if (!user) return;
  if (statement.sql === 'grant') user.grants = [...new Set([...user.grants, statement.database])];
  if (statement.sql === 'lock-user') user.locked = true;
  if (statement.sql === 'unlock-user') user.locked = false;
  if (statement.sql === 'kill-sessions') user.sessions = 0;
}

function loadSlot(name: string, paper: Paper, at: Layout): void {
  const [account = '', app = '', process = 'web'] = name.split('.');
  const text = paper.entries.get(at.slotSpec(account, app, process))?.text ?? '';
  const { generation, role } = JSON.parse(text) as Pick<SlotSpec, 'generation' | 'role'>;
  const gauges = { memoryBytes: 0, memoryPeakBytes: 0, cpuUsec: 0, processes: 0, requests: 0, wakes: 0, lastWakeMs: null };
  paper.slots.set(name, {
    name,
    process,
    role,
    generation,
    workers: [],
    digest: sha(text),
    state: 'asleep',
    reason: null,
    pids: [],
    since: Date.now(),
    ...gauges,
    limitHits: { memory: 0, processes: 0, cpu: 0, io: 0, openFiles: 0, log: 0 },
  });
}

const handlers: Handlers = {
  write: ({ path, text, mode, uid, gid }, paper) => void paper.entries.set(path, { kind: 'file', mode, uid, gid, text }),
  folder: ({ path, mode, uid, gid }, paper) => void paper.entries.set(path, { kind: 'folder', mode, uid, gid }),
  link: ({ path, target }, paper) => void paper.entries.set(path, { kind: 'link', mode: 0o777, uid: 0, gid: 0, target }),
  delete: ({ path }, paper, at) => {
    deleteBelow(paper.entries, path);
    if (path.startsWith(`${at.marks}/`)) paper.marks.delete(path.slice(at.marks.length + 1));
  },
  run: () => {},
  'run-as': ({ mark, why, cwd }, paper, _at, tell) => {
    tell(`${why}\n`);
    const lock = paper.home.get(`${cwd}/requirements.lock`)?.text;
    if (mark.name.endsWith('.packages') && lock)
      paper.environments.set(`${cwd}/.venv`, Object.fromEntries(pins(lock).map(pin => [pin.name, pin.version])));
    leaveMark(mark, paper);
  },
  home: ({ ops, mark }, paper) => {
    for (const op of ops) homeOp(op, paper);
    leaveMark(mark, paper);
  },
  sql: ({ statement }, paper) => sql(statement, paper),
  slot: ({ verb, name }, paper, at) => {
    if (verb === 'load') loadSlot(name, paper, at);
    else if (verb === 'unload') paper.slots.delete(name);
  },
  sweep: ({ uid }, paper) => void paper.alive.set(uid, 0),
  quota: ({ uid, mostBytes, mostInodes }, paper) => {
    if (mostBytes || mostInodes) paper.quotas?.set(uid, { bytes: 0, inodes: 0, mostBytes, mostInodes });
    else paper.quotas?.delete(uid);
  },
  probe: ({ mark }, paper) => leaveMark(mark, paper),
  unmark: ({ account, prefix }, paper) => {
    const marks = paper.marks.get(account);
    for (const name of [...(marks?.keys() ?? [])]) if (name.startsWith(prefix)) marks?.delete(name);
  },
};

/** Does one step on paper. */
export function paperAct(step: Step, paper: Paper, at: Layout, tell: (text: string) => void): void {
  const handler = handlers[step.do] as (step: Step, paper: Paper, at: Layout, tell: (text: string) => void) => void;
  handler(step, paper, at, tell);
}
