import { join } from 'node:path';
import type { Host } from '../host.ts';
import type { Layout } from '../layout.ts';
import type { ZygoteStatus } from '../stacks/spec.ts';
import { act } from './act.ts';
import { enter } from './enter.ts';
import * as files from './files.ts';
import { living } from './processes.ts';
import { quotas } from './quota.ts';
import { type Resolved, resolve, type Wanted } from './resolve.ts';
import { askSlotd } from './slotd.ts';
import { sqlServer } from './sql.ts';

/** What the real host needs to know beyond its paths. */
export interface MachineSettings {
  /** The customers' database server with an administrator's login, asked for when first needed. */
  databaseUrl: () => Promise<string>;
  /** The machine's own pip, npm and certificate settings, carried into builds. */
  buildEnvironment: Record<string, string>;
}

/** The real host, and what only a real one can tell. */
export interface Machine extends Host {
  close(): Promise<void>;
  /** Bytes and inodes below a home, counted as the customer. */
  measure: ReturnType<typeof enter>['measure'];
  /** What the package index has for some requirements. */
  resolve(wanted: Wanted): Promise<Resolved[]>;
  /** What slotd says of its zygotes. */
  zygotes(): Promise<ZygoteStatus[]>;
}

/** The real host: the only thing in Berth that changes a machine. */
export function machine(at: Layout, settings: MachineSettings): Machine {
  const sql = sqlServer(settings.databaseUrl);
  const entering = enter(at);
  const disk = quotas(at);
  const hands = { at, disk, sql, entering, buildEnvironment: settings.buildEnvironment };
  return {
    layout: at,
    act: (step, tell) => act(step, hands, tell),
    entry: files.entry,
    text: files.text,
    list: files.list,
    mark: (account, name) => files.text(at.mark(account, name)),
    marks: async account => {
      // A name with a leading dot is a mark that was being written when the power went.
      const names = (await files.list(at.marksOf(account))).filter(name => !name.startsWith('.'));
      const texts = await Promise.all(names.map(async name => [name, (await files.text(join(at.marksOf(account), name))) ?? ''] as const));
      return Object.fromEntries(texts);
    },
    home: async (who, paths) => {
      if (await files.entry(who.home)) return entering.look(who, paths);
      return Object.fromEntries(paths.map(path => [path, null]));
    },
    databases: sql.databases,
    databaseUsers: sql.users,
    environments: async (who, venvs) => {
      if (await files.entry(who.home)) return entering.packages(who, venvs);
      return Object.fromEntries(venvs.map(venv => [venv, null]));
    },
    slots: async account => (await askSlotd(at.slotdSocket, { op: 'status', ...(account ? { account } : {}) })).slots ?? [],
    alive: living,
    quota: disk.of,
    // Where the file system counts anyway, nobody has to.
    measure: async who => (await disk.of(who.uid).catch(() => null)) ?? entering.measure(who),
    resolve: wanted => resolve(wanted, settings.buildEnvironment),
    zygotes: async () => (await askSlotd(at.slotdSocket, { op: 'zygotes' })).zygotes ?? [],
    close: async () => {
      await sql.close();
    },
  };
}
