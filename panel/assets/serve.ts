import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Context } from 'koa';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLIENT = join(ROOT, 'panel', 'assets', 'client');
const CATALOG = join(ROOT, 'provisioning', 'catalog');

const TYPES: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** One file the panel may serve: read once, kept whole and zipped. */
interface Asset {
  type: string;
  body: Buffer;
  zipped: Buffer | null;
}

/** Public names and the files behind them. Nothing else can be asked for, so no path ever comes from a request. */
function allowed(): Map<string, string> {
  const files = new Map<string, string>([
    ['tabler.css', join(ROOT, 'node_modules/@tabler/core/dist/css/tabler.min.css')],
    ['uplot.css', join(ROOT, 'node_modules/uplot/dist/uPlot.min.css')],
    ['uplot.js', join(ROOT, 'node_modules/uplot/dist/uPlot.iife.min.js')],
  ]);
  for (const name of readdirSync(CLIENT)) if (TYPES[extname(name)]) files.set(name, join(CLIENT, name));
  for (const id of existsSync(CATALOG) ? readdirSync(CATALOG) : []) {
    const picture = join(CATALOG, id, 'picture.svg');
    if (existsSync(picture)) files.set(`catalog/${id}.svg`, picture);
  }
  return files;
}

const files = allowed();
const cache = new Map<string, Asset>();

function load(name: string): Asset | null {
  const known = cache.get(name);
  if (known) return known;
  const path = files.get(name);
  if (!path) return null;
  const body = readFileSync(path);
  const asset = { type: TYPES[extname(path)] ?? 'application/octet-stream', body, zipped: body.length > 1024 ? gzipSync(body) : null };
  cache.set(name, asset);
  return asset;
}

/** One hash over every asset: modules may then import each other by relative name and stay in step. */
const stamp = (() => {
  const hash = createHash('sha256');
  for (const name of [...files.keys()].sort()) hash.update(name).update(load(name)!.body);
  return hash.digest('hex').slice(0, 12);
})();

/** The address of an asset, with the hash that makes it safe to keep for a year; null when there is no such asset. */
export function assetUrl(name: string): string | null {
  return files.has(name) ? `/assets/${stamp}/${name}` : null;
}

/** Answers `/assets/<hash>/<name>` and `/assets/<name>`; returns false when the path is no asset's. */
export function serveAsset(ctx: Context): boolean {
  const match = /^\/assets\/(?:([0-9a-f]{12})\/)?([a-z0-9./-]+)$/.exec(ctx.path);
  const asset = match?.[2] ? load(match[2]) : null;
  if (!asset || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return false;
  ctx.set('Cache-Control', match![1] === stamp ? 'public, max-age=31536000, immutable' : 'no-cache');
  ctx.set('X-Content-Type-Options', 'nosniff');
  ctx.set('Vary', 'Accept-Encoding');
  ctx.type = asset.type;
  const zip = asset.zipped && ctx.acceptsEncodings('gzip', 'identity') === 'gzip';
  if (zip) ctx.set('Content-Encoding', 'gzip');
  ctx.body = zip ? asset.zipped : asset.body;
  return true;
}
