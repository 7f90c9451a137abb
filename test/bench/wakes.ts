import { setTimeout as pause } from 'node:timers/promises';
import { firstByte, firstByteOfSocket, lastOf } from './client.ts';
import type { User } from './ground.ts';
import { cgi, emperor, gunicorn, modWsgi, passenger, peerSocket } from './peers.ts';
import { stop } from './process.ts';
import type { Row } from './report.ts';
import { rotated, type Stage, turn } from './stage.ts';

type Samples = Record<string, number[]>;

/** gunicorn from nothing to its first byte, spoken to directly: what a start at every wake would cost. */
async function gunicornExec(stage: Stage, user: User, app: 'django' | 'flask'): Promise<number> {
  const { ground } = stage;
  const began = process.hrtime.bigint();
  const child = gunicorn(ground, user, app, `exec-${app}`);
  await firstByteOfSocket(peerSocket(ground, user, `exec-${app}`), 'x');
  const took = Number(process.hrtime.bigint() - began) / 1e6;
  await stop(child);
  return took;
}

function contestants(stage: Stage): Record<string, (user: User) => Promise<number>> {
  const through = (host: string) => firstByte({ host: '127.0.0.1', port: stage.ground.port }, host);
  return {
    'Berth Django': user => through(`dj-${user.n}.main`),
    'Berth own Django': user => through(`own-${user.n}.main`),
    'Berth no stack': user => through(`bare-${user.n}.main`),
    'Berth Flask': user => through(`fl-${user.n}.main`),
    'uWSGI on-demand': user => through(`${user.n}.uwsgi`),
    mod_wsgi: user => through(`${user.n}.modwsgi`),
    Passenger: user => through(`${user.n}.passenger`),
    CGI: user => through(`${user.n}.cgi`),
    'gunicorn exec': user => gunicornExec(stage, user, 'django'),
    'gunicorn exec Flask': user => gunicornExec(stage, user, 'flask'),
  };
}

/** Wakes every slot once and lets it fall asleep: what is measured later is a wake, not the first start of all. */
async function warmUp(stage: Stage): Promise<void> {
  const { main, ground } = stage;
  for (const user of ground.users) {
    for (const app of ['dj', 'own', 'bare', 'fl']) await firstByte({ host: '127.0.0.1', port: ground.port }, `${app}-${user.n}.${main.id}`);
  }
  for (const user of ground.users) await main.asleep(user);
}

/** Rounds in which each server wakes the app of a user whose app it has not woken yet. */
async function wakeRounds(stage: Stage): Promise<Samples> {
  const samples: Samples = {};
  const all = Object.entries(contestants(stage));
  for (let round = 0; round < stage.effort.wakes; round++) {
    for (const [name, measure] of rotated(all, round)) {
      const took = await measure(turn(stage, round));
      samples[name] = [...(samples[name] ?? []), took];
      await pause(120);
    }
  }
  return samples;
}

function wakeRows(samples: Samples): Row[] {
  const of = (name: string) => samples[name] ?? [];
  const uwsgi = { name: 'uWSGI', values: of('uWSGI on-demand') };
  const others = {
    'mod_wsgi (process stays)': of('mod_wsgi'),
    'CGI (every request)': of('CGI'),
    'gunicorn exec': of('gunicorn exec'),
    Passenger: of('Passenger'),
  };
  const flask = { name: 'gunicorn exec', values: of('gunicorn exec Flask') };
  return [
    { figure: 'wake, Django as in a stack', unit: 'ms', berth: of('Berth Django'), peer: uwsgi, others, goal: '≥ 8 ×', met: r => r >= 8 },
    { figure: 'wake, Django of its own version', unit: 'ms', berth: of('Berth own Django'), peer: uwsgi, goal: '≥ 4 ×', met: r => r >= 4 },
    { figure: 'the same without any stack', unit: 'ms', berth: of('Berth no stack'), peer: uwsgi, goal: 'told', met: () => true },
    { figure: 'wake, Flask', unit: 'ms', berth: of('Berth Flask'), peer: flask, goal: '≥ 15 ×', met: r => r >= 15 },
  ];
}

/** Every request in a process of its own: Berth's fork of a warm parent beside CGI, in turns; the parent is awake, as CGI's files are cached. */
export async function perRequestRow(stage: Stage): Promise<Row> {
  const { ground, main } = stage;
  const user = ground.users[0] as User;
  const gates = await cgi(ground, [user]);
  const at = { host: '127.0.0.1', port: ground.port };
  const host = main.write(user, { app: 'each', kind: 'django', stack: 'django-5.2', idle: 600, mode: 'per-request' });
  await main.load(user, 'each');
  for (const warm of [host, host, `${user.n}.cgi`]) await firstByte(at, warm);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < stage.effort.wakes * 2; round++) {
    for (const who of rotated(['berth', 'cgi'], round)) {
      const took = await firstByte(at, who === 'berth' ? host : `${user.n}.cgi`);
      (who === 'berth' ? ours : theirs).push(took);
      await pause(50);
    }
  }
  await main.ask({ op: 'unload', name: main.at.slotName(user.name, 'each') });
  for (const gate of gates) await stop(gate);
  const peer = { name: 'CGI', values: theirs };
  return { figure: 'per-request mode, warm parent', unit: 'ms', berth: ours, peer, goal: '≥ 20 ×', met: r => r >= 20 };
}

/** A crawler, or a reboot: all users' apps are asked at the same moment while they sleep. */
export async function crowdRow(stage: Stage): Promise<Row> {
  const { ground, main } = stage;
  const [ours, theirs]: [number[], number[]] = [[], []];
  await firstByte({ host: '127.0.0.1', port: ground.port }, `dj-0.${main.id}`); // that its zygote stands, as on any host that runs
  for (let round = 0; round < stage.effort.crowds; round++) {
    for (const user of ground.users) await main.sleep(user, 'dj');
    if (stage.emperor) await stop(stage.emperor, 'SIGINT');
    stage.emperor = await emperor(ground, true);
    await pause(1500);
    for (const who of rotated(['berth', 'uwsgi'], round)) {
      const hosts = ground.users.map(({ n }) => (who === 'berth' ? `dj-${n}.${main.id}` : `${n}.uwsgi`));
      (who === 'berth' ? ours : theirs).push(await lastOf(ground.port, hosts));
      await pause(500);
    }
  }
  if (stage.emperor) await stop(stage.emperor, 'SIGINT');
  stage.emperor = null;
  const figure = `${ground.users.length} sleeping apps at once, last answer`;
  return { figure, unit: 'ms', berth: ours, peer: { name: 'uWSGI', values: theirs }, goal: '≥ 8 ×', met: r => r >= 8 };
}

/** Wakes of single apps, of every server in turn. */
export async function wakes(stage: Stage): Promise<Row[]> {
  const { ground } = stage;
  stage.emperor = await emperor(ground, true);
  const apaches = [await modWsgi(ground), await passenger(ground), ...(await cgi(ground))];
  await warmUp(stage);
  const rows = wakeRows(await wakeRounds(stage));
  for (const server of [...apaches, stage.emperor]) await stop(server);
  stage.emperor = null;
  return rows;
}
