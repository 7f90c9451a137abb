import { chmodSync, lchownSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { live } from '../slotd/held.ts';
import { type Front, front } from './front.ts';

const serial = live(test);
const MORE = { kind: 'cgi', entry: null, requestSeconds: 2 };

const PYTHON = `#!/usr/bin/env python3
import os, sys
body = sys.stdin.buffer.read()
print("Status: 201 Made")
print("Content-Type: text/plain")
print("X-Accel-Redirect: /.berth/no-site.html")
print("Set-Cookie: a=1")
print("Set-Cookie: b=2")
print()
for name in ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "PATH_TRANSLATED", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH",
             "SERVER_NAME", "SERVER_PORT", "REMOTE_ADDR", "GATEWAY_INTERFACE", "HTTP_PROXY", "HTTP_UNDER_SCORE", "HTTP_X_FORWARDED_FOR", "GREETING"):
    print(name + "=" + os.environ.get(name, "-"))
print("uid=%d body=%d cwd=%s" % (os.geteuid(), len(body), os.getcwd()))
print("said by python", file=sys.stderr)
`;
const SH = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
echo "sh $PATH_INFO"
cat
`;
const FILES: Record<string, string> = {
  'cgi-bin/env.py': PYTHON,
  'cgi-bin/any name': SH,
  'cgi-bin/asleep.sh': '#!/bin/sh\necho Content-Type: text/plain\necho\necho begun\nsleep 30 & sleep 30\n',
  'cgi-bin/mute': '#!/bin/sh\nsleep 30\n',
  'cgi-bin/half': '#!/bin/sh\nsleep 0.7\necho Content-Type: text/plain\necho\necho $$\n',
  'cgi-bin/there': '#!/bin/sh\necho Location: http://other.test/x\necho\n',
  'cgi-bin/inside': '#!/bin/sh\necho "Location: /cgi-bin/env.py/moved?q=2"\necho\n',
  'cgi-bin/round': '#!/bin/sh\necho "Location: /cgi-bin/round"\necho\n',
  'cgi-bin/nph-own': "#!/bin/sh\nprintf 'HTTP/1.1 299 Mine\\r\\nContent-Type: text/plain\\r\\n\\r\\nnph'\n",
  'cgi-bin/bad': '#!/bin/sh\necho this is no header\n',
  'cgi-bin/none': '#!/nowhere\n',
  'cgi-bin/plain.txt': 'SECRET of cgi-bin',
  'cgi-bin/.hidden': SH,
  'public/index.cgi': '#!/usr/bin/perl\nprint "Content-Type: text/plain\\n\\nperl index";\n',
  'public/sub/index.py': '#!/usr/bin/python3\nprint("Content-Type: text/plain\\n\\nsub index")\n',
  'public/not.py': '#!/usr/bin/python3\nSECRET = 1\n',
  'public/a.css': 'body{}',
  'public/x.jpg': 'SECRET picture? no: JPEG',
  'lib.py': 'SECRET = 2\n',
};
const QUIET = ['cgi-bin/plain.txt', 'public/not.py', 'public/a.css', 'public/x.jpg', 'lib.py'];

async function open(it: Front, more: Record<string, unknown> = {}) {
  const spec = await it.open('cgi', 'cgi.test', 'ada', 'old', FILES, { ...MORE, ...more }, { GREETING: 'hello' });
  for (const name of Object.keys(FILES)) if (!QUIET.includes(name)) chmodSync(join(spec.root, name), 0o755);
  return spec;
}

serial('scripts in Python, sh and Perl get what RFC 3875 says and answer what they like', async t => {
  const it = await front(t);
  const spec = await open(it);
  const form = { method: 'POST', headers: { 'Content-Type': 'text/x', Proxy: 'http://evil.test', Under_Score: '1' }, body: 'x'.repeat(10) };
  const page = await it.visit('cgi.test', '/cgi-bin/env.py/more%20info/x?a=b', form);
  t.is(page.status, 201, it.server.log(spec.name));
  t.deepEqual(page.headers['set-cookie'], ['a=1', 'b=2']);
  const lines = page.body.trim().split('\n');
  t.deepEqual(lines, [
    ...['REQUEST_METHOD=POST', 'SCRIPT_NAME=/cgi-bin/env.py', 'PATH_INFO=/more info/x', `PATH_TRANSLATED=${spec.root}/more info/x`],
    ...['QUERY_STRING=a=b', 'CONTENT_TYPE=text/x', 'CONTENT_LENGTH=10', 'SERVER_NAME=cgi.test', `SERVER_PORT=${it.port}`],
    ...['REMOTE_ADDR=127.0.0.1', 'GATEWAY_INTERFACE=CGI/1.1', 'HTTP_PROXY=-', 'HTTP_UNDER_SCORE=-', 'HTTP_X_FORWARDED_FOR=127.0.0.1'],
    ...['GREETING=hello', `uid=${spec.uid} body=10 cwd=${spec.root}/cgi-bin`],
  ]);
  await it.server.says(spec.name, /E said by python/);
  const big = await it.visit('cgi.test', '/cgi-bin/any%20name/p', { method: 'POST', body: 'y'.repeat(3_000_000) });
  t.is(big.body, `sh /p\n${'y'.repeat(3_000_000)}`);
  t.is((await it.visit('cgi.test', '/')).body, 'perl index');
  t.is((await it.visit('cgi.test', '/sub/')).body, 'sub index\n');
  t.is((await it.visit('cgi.test', '/sub')).headers.location, '/sub/');
  t.is((await it.visit('cgi.test', '/a.css')).body, 'body{}');
  const away = await it.visit('cgi.test', '/cgi-bin/there');
  t.is(`${away.status} ${away.headers.location}`, '302 http://other.test/x');
  t.regex((await it.visit('cgi.test', '/cgi-bin/inside')).body, /PATH_INFO=\/moved\n.*QUERY_STRING=q=2/s);
  t.is((await it.visit('cgi.test', '/cgi-bin/round')).status, 508);
  const own = await it.visit('cgi.test', '/cgi-bin/nph-own');
  t.is(`${own.status} ${own.body}`, '299 nph');
  for (const path of ['/cgi-bin/bad', '/cgi-bin/none']) t.is((await it.visit('cgi.test', path)).status, 500, path);
  await it.server.says(spec.name, /none: could not be started: No such file/);
});

serial('no source is sent, nothing outside is run, and what is not executable says so in the log', async t => {
  const it = await front(t);
  const spec = await open(it);
  const outside = join(it.server.folder, 'outside.cgi');
  writeFileSync(outside, "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\nSECRET'\n", { mode: 0o755 });
  for (const name of ['public/link.cgi', 'cgi-bin/link']) {
    symlinkSync(outside, join(spec.root, name));
    lchownSync(join(spec.root, name), spec.uid, spec.uid);
  }
  for (const path of [
    ...['/not.py', '/lib.py', '/cgi-bin/plain.txt', '/cgi-bin/.hidden', '/link.cgi', '/cgi-bin/link', '/cgi-bin/../lib.py', '/..%2flib.py'],
    ...[
      '/cgi-bin/%2e%2e/lib.py',
      '/cgi-bin/..%2f..%2f..%2fetc/passwd',
      '/x.jpg/evil.cgi',
      '/cgi-bin/',
      '/cgi-bin',
      '/cgi-bin/env.py%00.txt',
    ],
    ...['/env.py', '/.git/config', '/cgi-bin//../../lib.py'],
  ]) {
    const { status, body } = await it.visit('cgi.test', path);
    t.notRegex(body, /SECRET|root:/, path);
    t.true([301, 400, 403, 404].includes(status), `${path} ${status}`);
  }
  await it.server.says(spec.name, /not\.py is not executable: chmod 755/);
  await it.server.says(spec.name, /link leads outside the app's folder/);
});

serial('several at once, a time limit for each, and sleep', async t => {
  const it = await front(t);
  const spec = await open(it, { idleSeconds: 1 });
  await it.visit('cgi.test', '/');
  const began = Date.now();
  const four = await Promise.all(Array.from({ length: 4 }, () => it.visit('cgi.test', '/cgi-bin/half')));
  t.is(new Set(four.map(page => page.body)).size, 4);
  t.true(Date.now() - began < 2200, `${Date.now() - began} ms`);
  const [mute, asleep] = await Promise.all([
    it.visit('cgi.test', '/cgi-bin/mute'),
    it.visit('cgi.test', '/cgi-bin/asleep.sh').catch((error: Error) => error),
  ]);
  t.is(mute.status, 504);
  t.true(asleep instanceof Error, 'an answer that was broken off does not look whole');
  const sleeping = await it.server.until(spec.name, status => status.state === 'asleep' && status.pids.length === 0);
  t.is(sleeping.processes, 0, 'the time limit ends what a script started, too');
  t.is((await it.visit('cgi.test', '/')).body, 'perl index');
  t.log(`woke in ${(await it.server.status(spec.name)).lastWakeMs} ms`);
});
