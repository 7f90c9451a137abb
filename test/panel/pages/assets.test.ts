import type { AddressInfo } from 'node:net';
import test from 'ava';
import Koa from 'koa';
import { assetUrl, serveAsset } from '../../../panel/assets/serve.ts';

const app = new Koa();
app.use(ctx => {
  serveAsset(ctx);
});
const server = app.listen(0);
const base = `http://localhost:${(server.address() as AddressInfo).port}`;
test.after.always(() => server.close());

test('a known asset is kept for a year under its hash, and zipped', async t => {
  const answer = await fetch(base + assetUrl('berth.css'));
  t.is(answer.status, 200);
  t.regex(answer.headers.get('cache-control') ?? '', /immutable/);
  t.is(answer.headers.get('content-encoding'), 'gzip');
  t.regex(answer.headers.get('content-type') ?? '', /^text\/css/);
});

test('another hash answers too, but is not kept', async t => {
  const answer = await fetch(`${base}/assets/000000000000/main.js`);
  t.is(answer.status, 200);
  t.is(answer.headers.get('cache-control'), 'no-cache');
});

for (const path of [
  '/assets/../../package.json',
  '/assets/%2e%2e/package.json',
  '/assets/..%2fserve.ts',
  '/assets/serve.ts',
  '/assets/',
  '/assets//etc/passwd',
]) {
  test(`nothing but the list is served: ${path}`, async t => {
    t.is((await fetch(base + path)).status, 404);
  });
}
