import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Held, live } from './held.ts';

const serial = live(test);

function prepared(teardown: (act: () => Promise<void>) => void) {
  const server = new Held();
  teardown(() => server.clear());
  const { uid, home } = server.make('ada', 'blog', { 'app.py': '' });
  const enter = (request: object) => {
    const common = { uid, gid: uid, home, homes: server.at.homes, tmp: server.at.tmp('ada') };
    return spawnSync('/usr/bin/python3', ['-I', '-S', join(server.at.slotdFolder, 'enter.py')], {
      input: `${JSON.stringify({ ...common, ...request })}\n`,
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', LEAK: 'leaked' },
    });
  };
  return { server, uid, home, enter, told: (request: object) => JSON.parse(enter(request).stdout) };
}

serial('exec runs a program as the customer, in its group, with nothing inherited', t => {
  const { server, uid, home, enter } = prepared(act => t.teardown(act));
  const script = `
import os, sys
print(os.getuid(), os.getgroups())
print(dict(os.environ))
print("stdin", repr(sys.stdin.read()))
print(open("/proc/self/cgroup").read() + open("/proc/self/status").read())
print("open", sorted(os.listdir("/proc/self/fd"))[:3], len(os.listdir("/proc/self/fd")))
sys.exit(7)
`;
  const python = (text: string) => ['/usr/bin/python3', '-I', '-c', text];
  const limits = { memoryMb: 100, cpuPercent: 100, processes: 20 };
  const group = `${server.cgroup}/_builds/ada.blog`;
  const request = { verb: 'exec', cwd: home, env: { WORD: 'plum' }, argv: python(script), cgroup: group, limits, fresh: true };
  const { status, stdout } = enter(request);
  t.is(status, 7);
  t.true(stdout.startsWith(`${uid} []\n`) || stdout.startsWith(`${uid} [${uid}]\n`));
  t.regex(stdout, /'WORD': 'plum'/);
  t.notRegex(stdout, /LEAK/);
  t.regex(stdout, /^stdin ''$/m);
  t.true(stdout.includes(`memory:/${group}`) || stdout.includes(`0::/${group}`));
  t.regex(stdout, /^CapEff:\s+0{16}$/m);
  t.regex(stdout, /^NoNewPrivs:\s+1$/m);
  // The fourth is the folder being listed.
  t.regex(stdout, /^open \['0', '1', '2'\] 4$/m);
  t.is(enter({ ...request, argv: ['/bin/nothing'] }).status, 127);
  t.is(enter({ ...request, argv: ['sh'] }).status, 125);
  t.is(enter({ ...request, argv: python('import os; os.kill(os.getpid(), 9)') }).signal, 'SIGKILL');
});

serial('home makes, replaces, links and removes, as the customer', t => {
  const { uid, home, told, server } = prepared(act => t.teardown(act));
  const ops = [
    { op: 'folder', path: `${home}/www`, mode: 0o750 },
    { op: 'file', path: `${home}/www/.my.cnf`, text: 'älter', mode: 0o600 },
    { op: 'file', path: `${home}/www/.my.cnf`, text: 'neu', mode: 0o640 },
    { op: 'link', path: `${home}/www/site`, target: '../apps' },
    { op: 'link', path: `${home}/www/site`, target: '../apps/blog' },
  ];
  t.deepEqual(told({ verb: 'home', ops }), { ok: true });
  const info = statSync(`${home}/www/.my.cnf`);
  t.deepEqual([info.uid, info.gid, info.mode & 0o777, readFileSync(`${home}/www/.my.cnf`, 'utf8')], [uid, uid, 0o640, 'neu']);
  const digest = '54f32c35a3be7da3e08c6ebd8cfaf4b16f7ad9ac5b09f8a4d9d5e0bd9f0e2f5c';
  const { entries } = told({ verb: 'look', paths: [`${home}/www`, `${home}/www/.my.cnf`, `${home}/www/site`, `${home}/none`] });
  t.deepEqual(entries[`${home}/www`], { kind: 'folder', mode: 0o750 });
  t.is(entries[`${home}/www/.my.cnf`].digest.length, digest.length);
  t.deepEqual(entries[`${home}/www/site`].target, '../apps/blog');
  t.is(entries[`${home}/none`], null);
  t.true(told({ verb: 'measure' }).inodes >= 5);
  t.deepEqual(
    told({
      verb: 'home',
      ops: [
        { op: 'remove', path: `${home}/www` },
        { op: 'remove', path: `${home}/www/x` },
      ],
    }),
    { ok: true },
  );
  t.deepEqual(
    told({
      verb: 'home',
      ops: [
        { op: 'empty', path: home },
        { op: 'empty', path: server.at.tmp('ada') },
      ],
    }),
    { ok: true },
  );
  t.is(told({ verb: 'measure' }).inodes, 0);
});

serial('no link leads out of the home, whichever verb follows it', t => {
  const { server, uid, home, told } = prepared(act => t.teardown(act));
  const outside = join(server.folder, 'outside');
  mkdirSync(outside, { mode: 0o777 });
  writeFileSync(join(outside, 'kept'), 'kept');
  spawnSync('/usr/bin/chown', ['-R', String(uid), outside]);
  symlinkSync(outside, join(home, 'absolute'));
  symlinkSync('../../outside', join(home, 'relative'));
  symlinkSync(join(outside, 'dangling'), join(home, 'dangling'));
  for (const link of ['absolute', 'relative']) {
    for (const op of [
      { op: 'file', path: `${home}/${link}/new`, text: '', mode: 0o600 },
      { op: 'folder', path: `${home}/${link}/new`, mode: 0o700 },
      { op: 'link', path: `${home}/${link}/new`, target: 'x' },
      { op: 'remove', path: `${home}/${link}/kept` },
      { op: 'empty', path: `${home}/${link}` },
    ]) {
      const answer = told({ verb: 'home', ops: [op] });
      t.false(answer.ok, JSON.stringify(op));
      t.is(answer.path, op.path);
    }
    t.false(told({ verb: 'look', paths: [`${home}/${link}/kept`] }).ok);
  }
  t.deepEqual(told({ verb: 'home', ops: [{ op: 'file', path: `${home}/dangling`, text: 'mine', mode: 0o600 }] }), { ok: true });
  t.is(readFileSync(join(home, 'dangling'), 'utf8'), 'mine');
  for (const path of ['/etc/passwd', `${home}/../bob/x`, `${home}x`, 'x']) {
    t.false(told({ verb: 'home', ops: [{ op: 'file', path, text: '', mode: 0o600 }] }).ok);
  }
  t.deepEqual(spawnSync('/usr/bin/ls', [outside], { encoding: 'utf8' }).stdout, 'kept\n');
});

serial('requests that are not right are refused before anything happens', t => {
  const { told, home } = prepared(act => t.teardown(act));
  for (const request of [
    { verb: 'nope' },
    { verb: 'measure', uid: 0 },
    { verb: 'measure', gid: 33 },
    { verb: 'measure', homes: '/etc' },
    { verb: 'measure', extra: 1 },
    { verb: 'home', ops: [{ op: 'chmod', path: home }] },
    { verb: 'home', ops: [{ op: 'file', path: `${home}/x`, text: '', mode: 0o4755 }] },
  ]) {
    t.false(told(request).ok, JSON.stringify(request));
  }
});

serial('a build that has ended leaves its control group to the next one to take away', t => {
  const { server, home, enter } = prepared(act => t.teardown(act));
  const argv = ['/bin/true'];
  const limits = { memoryMb: 100, cpuPercent: 100, processes: 20 };
  const build = (app: string) => enter({ verb: 'exec', cwd: home, env: {}, argv, cgroup: `${server.cgroup}/_builds/ada.${app}`, limits });
  for (const app of ['one', 'two', 'three']) t.is(build(app).status, 0);
  const left = new Set(server.groups().flatMap(folder => /_builds\/(.+)$/.exec(folder)?.[1] ?? []));
  t.deepEqual([...left], ['ada.three']);
});
