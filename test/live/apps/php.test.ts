import { existsSync, lchownSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { live, unable } from '../slotd/held.ts';
import { type Front, front, packages } from './front.ts';

const serial = live(test);
const MORE = { kind: 'php', entry: null, protocol: 'fastcgi', limits: { memoryMb: 256, cpuPercent: 200, processes: 20, openFiles: 256 } };
const present = () => existsSync('/usr/sbin') && readdirSync('/usr/sbin').some(name => /^php-fpm\d/.test(name));

test.before('PHP', t => {
  t.timeout(300_000);
  if (unable === null) packages(present, 'php-fpm', 'php-cli', 'php-mbstring', 'php-mysql', 'php-xml');
});

const INDEX = `<?php
header('X-Pid: ' . getmypid());
header('X-Accel-Redirect: /.berth/no-site.html');
echo json_encode(['front' => true, 'uri' => $_SERVER['REQUEST_URI'], 'post' => $_POST, 'body' => strlen(file_get_contents('php://input')),
  'host' => $_SERVER['HTTP_HOST'], 'ip' => $_SERVER['REMOTE_ADDR'], 'file' => $_SERVER['SCRIPT_FILENAME'], 'uid' => posix_geteuid(),
  'env' => getenv('GREETING'), 'proxy' => getenv('HTTP_PROXY'), 'proxies' => $_SERVER['HTTP_PROXY'] ?? null, 'master' => posix_getppid(),
  'under' => $_SERVER['HTTP_UNDER_SCORE'] ?? null, 'forwarded' => $_SERVER['HTTP_X_FORWARDED_FOR'] ?? null]);
`;

const FILES = {
  'public/index.php': INDEX,
  'public/page.php': '<?php echo "page ", $_SERVER["SCRIPT_NAME"], " ", $_SERVER["PATH_INFO"] ?? "none"; error_log("said by page");',
  'public/admin/index.php': '<?php echo "admin";',
  'public/a.css': 'body{}',
  'public/.env': 'SECRET',
  'public/old.php.bak': '<?php $password = "SECRET";',
  'public/other.phtml': '<?php echo "SECRET";',
  'public/uploads/x.jpg': '<?php echo "evil"; ?>SECRET',
  'secret.php': '<?php echo "SECRET";',
};

const open = (it: Front, host: string, account = 'ada', more = {}) =>
  it.open('php', host, account, 'blog', FILES, { ...MORE, ...more }, { GREETING: `hello ${account}` });

serial('a PHP site: front controller, scripts, files beside, POST, and its own identity', async t => {
  const it = await front(t);
  const spec = await open(it, 'php.test');
  const first = await it.visit('php.test', '/some/where?q=1', {
    headers: { Proxy: 'http://evil.test/', Under_Score: '1', 'X-Forwarded-For': '1.2.3.4' },
  });
  t.is(first.status, 200, it.server.log(spec.name));
  const told = JSON.parse(first.body);
  t.like(told, { front: true, uri: '/some/where?q=1', ip: '127.0.0.1', uid: spec.uid, env: 'hello ada', forwarded: '127.0.0.1' });
  t.like(told, { host: `php.test:${it.port}`, proxies: null, proxy: false, under: null });
  t.is(told.file, join(spec.root, 'public/index.php'));
  t.is((await it.visit('php.test', '/page.php')).body, 'page /page.php ');
  t.is((await it.visit('php.test', '/page.php/a/b')).body, 'page /page.php /a/b');
  t.is((await it.visit('php.test', '/a.css')).body, 'body{}');
  const folder = await it.visit('php.test', '/admin');
  t.is(folder.status, 301);
  t.true(folder.headers.location?.endsWith('/admin/'));
  t.is((await it.visit('php.test', '/admin/')).body, 'admin');
  t.true(JSON.parse((await it.visit('php.test', '/')).body).front);
  const form = { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: 'a=1&b=2' };
  t.deepEqual(JSON.parse((await it.visit('php.test', '/form', form)).body).post, { a: '1', b: '2' });
  const big = { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: Buffer.alloc(3 << 20, 'x') };
  t.is(JSON.parse((await it.visit('php.test', '/form', big)).body).body, 3 << 20);
  await it.server.says(spec.name, /said by page/);
});

serial('the source of a script is never sent, and nothing but a .php file runs', async t => {
  const it = await front(t);
  const spec = await open(it, 'php.test');
  const outside = join(it.server.folder, 'outside.php');
  writeFileSync(outside, '<?php echo "SECRET";');
  symlinkSync(outside, join(spec.root, 'public/link.php'));
  symlinkSync('/etc/passwd', join(spec.root, 'public/passwd.txt'));
  for (const name of ['link.php', 'passwd.txt']) lchownSync(join(spec.root, 'public', name), spec.uid, spec.uid);
  for (const path of [
    ...['/uploads/x.jpg/evil.php', '/uploads/x.jpg%00.php', '/uploads/x.jpg/.php', '/.env', '/old.php.bak', '/other.phtml', '/page.php~'],
    ...['/../secret.php', '/%2e%2e/secret.php', '/a/..%2f..%2fsecret.php', '/link.php', '/passwd.txt', '/page.php.bak/x.php', '/PAGE.PHP'],
    ...['/.git/config', '/index.php/../.env', '/page.php%0aX:%20y'],
  ]) {
    const { body, status } = await it.visit('php.test', path);
    t.notRegex(body, /SECRET|root:|<\?php|^evil/, path);
    t.true([200, 400, 403, 404].includes(status), `${path} ${status}`);
  }
  // A picture that holds PHP is a picture.
  t.is((await it.visit('php.test', '/uploads/x.jpg')).headers['content-type'], 'image/jpeg');
});

serial('it sleeps, wakes, loses nothing in between, and edited code is live at once', async t => {
  const it = await front(t);
  const spec = await open(it, 'php.test', 'ada', { idleSeconds: 1 });
  t.is((await it.visit('php.test', '/')).status, 200);
  let failed = 0;
  for (let round = 0; round < 3; round++) {
    await it.server.until(spec.name, status => status.state === 'asleep' && status.pids.length === 0);
    const answers = await Promise.all(Array.from({ length: 6 }, () => it.visit('php.test', '/page.php')));
    failed += answers.filter(answer => answer.status !== 200).length;
  }
  t.is(failed, 0);
  let going = true;
  const clients = Array.from({ length: 4 }, async () => {
    while (going) if ((await it.visit('php.test', '/page.php').catch(() => null))?.status !== 200) failed++;
  });
  for (const generation of [2, 3]) {
    const next = { ...spec, generation };
    it.server.write(next);
    t.true((await it.server.ask({ op: 'load', name: spec.name })).ok);
    await it.server.until(spec.name, status => status.state === 'running' && status.generation === generation);
    await pause(200);
  }
  going = false;
  await Promise.all(clients);
  t.is(failed, 0, 'two restarts under load lose nothing');
  writeFileSync(join(spec.root, 'public/page.php'), '<?php echo "edited";');
  t.is((await it.visit('php.test', '/page.php')).body, 'edited');
  t.log(`woke in ${(await it.server.status(spec.name)).lastWakeMs} ms`);
});

serial('two customers share no PHP: masters, caches and temporary files are their own', async t => {
  const it = await front(t);
  const cache =
    '<?php echo json_encode([posix_getppid(), posix_geteuid(), array_keys(opcache_get_status(true)["scripts"] ?? []), glob("/tmp/mine*")]);';
  const files = { 'public/index.php': '<?php touch("/tmp/mine" . posix_geteuid()); echo "x";', 'public/cache.php': cache };
  const specs = [];
  for (const account of ['ada', 'bob']) specs.push(await it.open('php', `${account}.test`, account, 'blog', files, MORE));
  // What was written a moment ago is not yet kept in the cache.
  for (const { root } of specs) for (const name of Object.keys(files)) utimesSync(join(root, name), 1e9, 1e9);
  for (const host of ['ada.test', 'bob.test']) t.is((await it.visit(host)).body, 'x');
  const [ada, bob] = await Promise.all(['ada', 'bob'].map(async name => JSON.parse((await it.visit(`${name}.test`, '/cache.php')).body)));
  t.not(ada[0], bob[0]);
  t.is(ada[1], specs[0]?.uid);
  t.is(bob[1], specs[1]?.uid);
  for (const [own, other] of [
    [ada, '/bob/'],
    [bob, '/ada/'],
  ] as const) {
    t.true(own[2].length >= 1);
    t.false(own[2].some((path: string) => path.includes(other)));
    t.deepEqual(own[3], [`/tmp/mine${own[1]}`]);
  }
});

serial('a request without an end is ended, a crash answers, and a start that fails says so in FastCGI', async t => {
  const it = await front(t);
  const files = {
    'public/index.php': '<?php echo "up";',
    'public/slow.php': '<?php sleep(60);',
    'public/bad.php': '<?php nothing_here();',
  };
  const spec = await it.open('php', 'php.test', 'ada', 'blog', files, { ...MORE, requestSeconds: 1 });
  t.is((await it.visit('php.test', '/bad.php')).status, 500);
  await it.server.says(spec.name, /nothing_here/);
  const slow = await it.visit('php.test', '/slow.php');
  t.is(slow.status, 502);
  t.true(slow.body.includes('This site is starting again'));
  t.is((await it.visit('php.test', '/')).body, 'up');
  const broken = { kind: 'command', argv: ['/bin/false'], entry: null, protocol: 'fastcgi' };
  const bad = await it.open('fastcgi', 'bad.test', 'eve', 'bad', {}, broken);
  const asked = it.visit('bad.test', '/x', { method: 'POST', body: 'abc' });
  await it.server.until(bad.name, status => status.state === 'backing-off');
  const pages = [await asked];
  await pause(50);
  pages.push(await it.visit('bad.test', '/x', { method: 'POST', body: Buffer.alloc(200_000, 'y') }));
  const resting = pages.find(page => page.status === 503);
  t.truthy(resting, JSON.stringify(pages));
  t.true(resting?.body.includes('This app could not start'));
  t.truthy(resting?.headers['retry-after']);
});
