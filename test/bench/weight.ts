import { setTimeout as pause } from 'node:timers/promises';
import { firstByte, load } from './client.ts';
import { emperor, gunicorn, modWsgi } from './peers.ts';
import { pss, slab, stop, ticks, tree } from './process.ts';
import type { Row } from './report.ts';
import { type Stage, turn } from './stage.ts';

const MIB = 1024;

async function visitTwice(port: number, hosts: string[]): Promise<void> {
  for (const host of [...hosts, ...hosts]) await firstByte({ host: '127.0.0.1', port }, host);
  await pause(300);
}

/** What a resident Django app takes when every part of its server is counted and shared among the apps. */
export async function residentRow(stage: Stage): Promise<Row> {
  const { ground, few } = stage;
  const { users, port } = ground;
  const each = (kib: number) => [kib / users.length / MIB];
  const hosts = users.map(user => few.write(user, { app: 'mem', kind: 'django', stack: 'django-5.2', idle: 600 }));
  for (const user of users) await few.load(user, 'mem');
  await visitTwice(port, hosts);
  const berth = each(pss(tree(few.pid)));
  for (const user of users) await few.ask({ op: 'unload', name: few.at.slotName(user.name, 'mem') });
  stage.emperor = await emperor(ground, false);
  await visitTwice(
    port,
    users.map(({ n }) => `${n}.uwsgi`),
  );
  const uwsgi = each(pss(tree(stage.emperor.pid ?? 0)));
  await stop(stage.emperor, 'SIGINT');
  stage.emperor = null;
  const apache = await modWsgi(ground);
  await visitTwice(
    port,
    users.map(({ n }) => `${n}.modwsgi`),
  );
  const wsgi = each(pss(tree(apache.pid ?? 0)));
  await stop(apache);
  const [name, values, other] = uwsgi[0]! <= wsgi[0]! ? ['uWSGI', uwsgi, { mod_wsgi: wsgi }] : ['mod_wsgi', wsgi, { uWSGI: uwsgi }];
  const figure = `memory of a resident Django app (PSS, ${users.length} apps)`;
  const row = { figure, unit: 'MiB', berth, peer: { name, values }, others: other as Record<string, number[]> };
  return { ...row, ratio: 'berth/peer', goal: '≤ 0.45', met: r => r <= 0.45 };
}

/** What sleeping costs: starts the slot server with all the slots, which must not stand yet. */
export async function sleepingRows(stage: Stage): Promise<Row[]> {
  const { few, many, effort } = stage;
  const user = turn(stage, 0);
  await few.asleep(user);
  await firstByte({ host: '127.0.0.1', port: stage.ground.port }, `s0-${user.n}.${few.id}`);
  await few.asleep(user);
  await pause(1500);
  const lately = pss(tree(few.pid)) / MIB;
  // As ten minutes after that visit: a new slotd's blank child has taken no pages either.
  await few.end();
  await few.start();
  await pause(1500);
  const fixed = pss(tree(few.pid)) / MIB;
  const before = slab();
  await many.start();
  await pause(3000);
  const kernel = Math.max(0, slab() - before);
  const [one, all] = [tree(few.pid), tree(many.pid)];
  const more = effort.slots - 10;
  const each = (pss(all) - pss(one)) / more;
  const [began, start] = [Date.now(), ticks(all)];
  await pause(effort.restSeconds * 1000);
  const rest = ((ticks(all) - start) * 10) / ((Date.now() - began) / 1000);
  const processes = all.length - one.length;
  const note = `${each.toFixed(2)} KiB in slotd, its guard and the rest, and ${(kernel / more).toFixed(2)} KiB in kernel slabs of the whole machine, ${processes} processes`;
  return [
    {
      figure: 'one more sleeping app',
      unit: 'KiB',
      berth: [each + kernel / more],
      goal: '≤ 8 KiB',
      // One may be the blank child that waits for whoever wakes next.
      met: (_, b) => b <= 8 && processes <= 1,
      note,
    },
    {
      figure: 'slotd with one stack, all asleep (PSS)',
      unit: 'MiB',
      berth: [fixed],
      goal: '≤ 60 MiB',
      met: (_, b) => b <= 60,
      note: `${lately.toFixed(1)} MiB for ten minutes after a wake`,
    },
    {
      ...{
        figure: `slotd at rest with ${effort.slots} slots, cpu`,
        unit: 'ms/s',
        berth: [rest],
        goal: '0',
        met: (_: number, b: number) => b === 0,
      },
    },
  ];
}

/** Row 7: one warm worker under eight visitors who never pause. */
export async function warmRows(stage: Stage): Promise<Row[]> {
  const { ground, effort } = stage;
  const user = ground.users[0]!;
  const peer = gunicorn(ground, user, 'django');
  const found = { berth: { rate: [] as number[], p99: [] as number[] }, peer: { rate: [] as number[], p99: [] as number[] } };
  const hosts = { berth: stage.main.write(user, { app: 'warm', kind: 'django', stack: 'django-5.2', idle: 600 }), peer: '0.gunicorn' };
  await stage.main.load(user, 'warm');
  await pause(1500);
  for (const host of Object.values(hosts)) await load(ground.port, host, 1);
  for (let round = 0; round < effort.loads; round++) {
    const order = round % 2 ? (['berth', 'peer'] as const) : (['peer', 'berth'] as const);
    for (const who of order) {
      const { rate, p99 } = await load(ground.port, hosts[who], effort.loadSeconds);
      found[who].rate.push(rate);
      found[who].p99.push(p99);
    }
  }
  await stop(peer);
  await stage.main.ask({ op: 'unload', name: stage.main.at.slotName(user.name, 'warm') });
  const name = 'gunicorn sync';
  const rate = { berth: found.berth.rate, peer: { name, values: found.peer.rate }, ratio: 'berth/peer' as const };
  const p99 = { berth: found.berth.p99, peer: { name, values: found.peer.p99 }, ratio: 'berth/peer' as const };
  return [
    { figure: 'warm throughput, one worker', unit: 'req/s', ...rate, goal: '≥ 1.05', met: r => r >= 1.05 },
    { figure: 'warm p99, one worker', unit: 'ms', ...p99, goal: '≤ 1.0', met: r => r <= 1 },
  ];
}
