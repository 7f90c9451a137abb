/** Draws every scene of the fixtures and photographs it: `node --import tsx test/browser/pages/shots.ts <folder> [view…]`. */
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import Koa from 'koa';
import { chromium } from 'playwright-core';
import { serveAsset } from '../../../panel/assets/serve.ts';
import { draw } from '../../../panel/middleware/render.ts';
import { scenes } from '../../panel/pages/scenes.ts';
import { seriesOf } from './series.ts';

const [folder = '/tmp/shots', ...wanted] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });

const app = new Koa();
app.use(ctx => {
  if (serveAsset(ctx)) return;
  ctx.set(
    'Content-Security-Policy',
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'",
  );
  if (ctx.path.endsWith('.json')) {
    ctx.body = seriesOf(ctx.path.includes('/hosts/'));
    return;
  }
  const [view, kind, theme] = ctx.path.slice(1).split('~');
  const locals = scenes[view ?? '']?.[kind ?? ''];
  if (!locals) return;
  ctx.type = 'html';
  ctx.body = draw(view!, { ...locals, theme });
});
const server = createServer(app.callback()).listen(0);
const port = (server.address() as { port: number }).port;

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const looks: [number, string][] = [
  [1440, 'light'],
  [1440, 'dark'],
  [390, 'light'],
  [390, 'dark'],
];
for (const [width, theme] of looks) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, reducedMotion: 'reduce' });
  page.on(
    'console',
    message => ['error', 'warning'].includes(message.type()) && !message.text().includes('404') && console.log(page.url(), message.text()),
  );
  page.on('pageerror', error => console.log(page.url(), error.message));
  for (const [view, kinds] of Object.entries(scenes)) {
    if (wanted.length && !wanted.includes(view)) continue;
    for (const kind of Object.keys(kinds)) {
      await page.goto(`http://localhost:${port}/${view}~${kind}~${theme}`, { waitUntil: 'load' });
      await page.waitForTimeout(view.includes('resources') || view.includes('host') || view.includes('overview') ? 400 : 60);
      const wide = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'));
      if (wide > 0) console.log(`${view} ${kind} at ${width}: ${wide} px too wide`);
      await page.screenshot({ path: join(folder, `${view.replace('/', '-')}.${kind}.${width}.${theme}.png`), fullPage: true });
    }
  }
  await page.close();
}
await browser.close();
server.close();
