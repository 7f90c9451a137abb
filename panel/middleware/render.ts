import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pug from 'pug';
import { assetUrl } from '../assets/serve.ts';
import type { Actor } from '../people/actor.ts';
import * as words from './words.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const VIEWS = join(ROOT, 'views');
const ICONS = join(ROOT, 'node_modules/@tabler/icons/icons/outline');

/** One drawn part of an icon, such as a path, as Pug makes it again: so no markup is ever passed through unescaped. */
interface IconPart {
  tag: string;
  attrs: Record<string, string>;
}

const icons = new Map<string, IconPart[]>();

/** The parts of a Tabler outline icon. An unknown name is a mistake of ours and throws. */
export function icon(name: string): IconPart[] {
  const known = icons.get(name);
  if (known) return known;
  if (!/^[a-z0-9-]+$/.test(name)) throw new Error(`no icon is called ${JSON.stringify(name)}`);
  const svg = readFileSync(join(ICONS, `${name}.svg`), 'utf8');
  const parts: IconPart[] = [];
  for (const [, tag, inner] of svg.matchAll(/<(path|circle|rect|line|polyline|ellipse)\s([^>]*?)\/?>/g)) {
    const attrs = Object.fromEntries([...inner!.matchAll(/([\w-]+)="([^"]*)"/g)].map(m => [m[1]!, m[2]!]));
    if (!(attrs.d === 'M0 0h24v24H0z')) parts.push({ tag: tag!, attrs });
  }
  icons.set(name, parts);
  return parts;
}

/** An icon that recipes may name: falls back to a box when Tabler has none of that name. */
function iconOr(name: string | null | undefined, fallback: string): string {
  try {
    icon(name ?? '');
    return name!;
  } catch {
    return fallback;
  }
}

/** What the frame around a page needs to know; a page may say otherwise. */
function frame(locals: Locals): object {
  const { actor } = locals;
  const admin = actor?.role === 'admin';
  return {
    frame: !actor || actor.role === 'nobody' ? 'bare' : admin ? 'hoster' : 'customer',
    hoster: { name: process.env.BERTH_HOSTER_NAME || 'Berth' },
    me: { name: actor?.via ?? actor?.login ?? '', admin, account: actor?.account ?? null },
    looking: actor?.via ? actor.account : null,
    suspended: null,
    notice: null,
    theme: 'auto',
    here: '',
    path: '/',
    jump: '',
    csrf: '',
    title: '',
    problem: null,
    errors: {},
    values: {},
  };
}

/** What a view is given: whatever it says it needs, and who looks at it. */
export type Locals = Record<string, unknown> & { actor?: Actor };

const compiled = new Map<string, pug.compileTemplate>();

/** Draws a view as text. Every value is escaped by Pug; `actor` among the locals decides the frame around it. */
export function draw(view: string, locals: Locals): string {
  let template = compiled.get(view);
  if (!template) {
    template = pug.compileFile(join(VIEWS, `${view}.pug`), { basedir: VIEWS, doctype: 'html' });
    if (process.env.BERTH_VIEWS !== 'fresh') compiled.set(view, template);
  }
  return template({ asset: assetUrl, icons: icon, iconOr, ...words, ...frame(locals), ...locals });
}
