import type { Host } from '../host.ts';
import type { Layout } from '../layout.ts';
import { blankPaper, type Paper } from './state.ts';

export { blankPaper, type Paper } from './state.ts';

import { paperAct } from './act.ts';

/** The same host made of maps: for tests and laptops. It obeys the same interface and changes nothing real. */
export function paperHost(at: Layout, paper: Paper = blankPaper()): Host & { paper: Paper } {
  const marksOf = (account: string) => Object.fromEntries(paper.marks.get(account) ?? []);
  const below = (prefix: string, names: Iterable<string>) => [...names].filter(name => name.startsWith(prefix));
  return {
    paper,
    layout: at,
    act: async (step, tell) => paperAct(step, paper, at, tell),
    entry: async path => {
      const found = paper.entries.get(path);
      if (!found) return null;
      const { text: _text, ...entry } = found;
      return entry;
    },
    text: async path => paper.entries.get(path)?.text ?? null,
    list: async path => {
      const names = below(`${path}/`, paper.entries.keys()).map(name => name.slice(path.length + 1).split('/')[0] ?? '');
      return [...new Set(names)].sort();
    },
    mark: async (account, name) => marksOf(account)[name] ?? null,
    marks: async account => marksOf(account),
    home: async (_who, paths) =>
      Object.fromEntries(
        paths.map(path => {
          const found = paper.home.get(path);
          if (!found) return [path, null];
          const { text: _text, ...entry } = found;
          return [path, entry];
        }),
      ),
    databases: async prefix => below(prefix, paper.databases).sort(),
    databaseUsers: async prefix =>
      Object.fromEntries([...paper.users].filter(([name]) => name.startsWith(prefix)).map(([name, user]) => [name, { ...user }])),
    environments: async (_who, venvs) => Object.fromEntries(venvs.map(venv => [venv, paper.environments.get(venv) ?? null])),
    slots: async account =>
      [...paper.slots.values()].filter(slot => !account || slot.name.startsWith(`${account}.`)).map(slot => ({ ...slot })),
    quota: async uid => paper.quotas && { ...(paper.quotas.get(uid) ?? { bytes: 0, inodes: 0, mostBytes: 0, mostInodes: 0 }) },
    alive: async uid => paper.alive.get(uid) ?? 0,
  };
}
