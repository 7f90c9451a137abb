import { join } from 'node:path';
import test from 'ava';
import { DILIGENT, lose } from '../../bench/lost.ts';
import { guarded } from './guarded.ts';
import { live } from './held.ts';

const serial = live(test);

serial('of three thousand requests none is lost or carried out twice, whatever ends and begins meanwhile', async t => {
  const server = await guarded(t);
  const accounts = ['ada', 'bob', 'carl', 'dora'];
  const modes: Record<string, unknown>[] = [{}, { workers: 2 }, { mode: 'always-on' }, {}];
  const make = (app: number, generation: number) =>
    server.make(accounts[app] ?? '', 'blog', { 'app.py': DILIGENT }, { idleSeconds: 1, generation, ...modes[app] });
  const generations = accounts.map(() => 1);
  for (const app of accounts.keys())
    await server.load(accounts[app] ?? '', 'blog', { 'app.py': DILIGENT }, { idleSeconds: 1, ...modes[app] });
  const found = await lose(
    {
      apps: accounts.length,
      steady: [2],
      post: (app, path, word) => server.get(`${accounts[app]}.blog`, path, 'POST', word),
      done: app => join(server.at.current(accounts[app] ?? '', 'blog'), 'done.txt'),
      reload: async app => {
        generations[app] = (generations[app] ?? 1) + 1;
        const { name } = make(app, generations[app] ?? 1);
        for (;;) {
          const answer = await server.ask({ op: 'load', name }).catch(() => null);
          if (answer?.ok) return;
          if (answer) throw new Error(answer.error);
        }
      },
      slotd: { restart: () => server.restart(), crash: () => server.crash() },
    },
    3000,
  );
  t.log(found.happened);
  t.deepEqual(found.lost.slice(0, 20), []);
  t.deepEqual(found.twice, []);
  t.true((found.happened.crash ?? 0) > 0 && (found.happened.restart ?? 0) > 0);
});
