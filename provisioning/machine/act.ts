import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failed } from '../errors.ts';
import type { Layout } from '../layout.ts';
import type { Act, Mark, Step } from '../steps.ts';
import type { enter } from './enter.ts';
import * as files from './files.ts';
import { askApp } from './probe.ts';
import { removeCgroups } from './processes.ts';
import type { quotas } from './quota.ts';
import { runAsCustomer, runAsRoot } from './run.ts';
import { askSlotd } from './slotd.ts';
import type { sqlServer } from './sql.ts';

/** What the acts work with. */
export interface Hands {
  at: Layout;
  sql: ReturnType<typeof sqlServer>;
  disk: ReturnType<typeof quotas>;
  entering: ReturnType<typeof enter>;
  buildEnvironment: Record<string, string>;
}

type Tell = (text: string) => void;
type Handlers = { [Kind in Act['do']]: (step: Extract<Step, { do: Kind }>, hands: Hands, tell: Tell) => Promise<void> };

async function leaveMark(mark: Mark | undefined, at: Layout): Promise<void> {
  if (!mark) return;
  await fs.mkdir(at.marksOf(mark.account), { recursive: true, mode: 0o700 });
  await files.write(at.mark(mark.account, mark.name), mark.digest, 0o600, 0, 0);
}

const handlers: Handlers = {
  write: async (step, { at }) => {
    files.guard(step.path, at);
    await fs.mkdir(dirname(step.path), { recursive: true, mode: 0o755 });
    await files.write(step.path, step.text, step.mode, step.uid, step.gid);
  },
  folder: async (step, { at }) => {
    files.guard(step.path, at);
    await files.folder(step.path, step.mode, step.uid, step.gid);
  },
  link: async (step, { at }) => {
    files.guard(step.path, at);
    await files.link(step.path, step.target);
  },
  delete: async (step, { at }) => {
    files.guard(step.path, at);
    await files.remove(step.path, at);
  },
  run: (step, _hands, tell) => runAsRoot(step, tell),
  'run-as': async (step, { at, entering, buildEnvironment }, tell) => {
    await runAsCustomer(step, at, entering, buildEnvironment, tell);
    await leaveMark(step.mark, at);
  },
  home: async (step, { at, entering }) => {
    await entering.home(step.who, step.ops);
    await leaveMark(step.mark, at);
  },
  sql: (step, { sql }) => sql.act(step.statement),
  slot: async (step, { at }) => {
    await askSlotd(at.slotdSocket, { op: step.verb, name: step.name });
  },
  sweep: async ({ account, uid }, { at }) => {
    const { alive = 0 } = await askSlotd(at.slotdSocket, { op: 'sweep', uid });
    if (alive) {
      throw new Failed(`${alive} processes of ${account} could not be ended.`, {
        help: 'Try again; if they stay, look with ps for processes stuck in the kernel.',
      });
    }
    await removeCgroups(at.cgroup, account);
  },
  quota: ({ uid, mostBytes, mostInodes }, { disk }) => disk.set(uid, mostBytes, mostInodes),
  probe: async (step, { at }) => {
    await askApp(step);
    await leaveMark(step.mark, at);
  },
  unmark: async (step, { at }) => {
    for (const name of await files.list(at.marksOf(step.account))) {
      if (name.startsWith(step.prefix)) await fs.rm(at.mark(step.account, name), { force: true });
    }
  },
};

/** Does one step on this machine. Throws Failed when the machine says no. */
export function act(step: Step, hands: Hands, tell: Tell): Promise<void> {
  const handler = handlers[step.do] as (step: Step, hands: Hands, tell: Tell) => Promise<void>;
  return handler(step, hands, tell);
}
