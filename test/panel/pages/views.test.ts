import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { assetUrl } from '../../../panel/assets/serve.ts';
import { draw } from '../../../panel/middleware/render.ts';
import { scenes } from './scenes.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

function files(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith(ending));
}

const pages = files('views', '.pug')
  .map(name => name.replace(/\.pug$/, ''))
  .filter(name => !name.split('/').at(-1)!.startsWith('_'));

for (const [view, kinds] of Object.entries(scenes)) {
  for (const [kind, locals] of Object.entries(kinds)) {
    test(`${view}: ${kind}`, t => {
      const html = draw(view, locals as Record<string, unknown>);
      t.notRegex(html, /undefined|\[object Object\]|NaN/, 'nothing unsaid is printed');
      t.notRegex(html, /<script>|\sstyle="|\son[a-z]+="|javascript:/, 'no inline script or style');
      for (const [, id] of html.matchAll(/<label[^>]* for="([^"]+)"/g)) t.true(html.includes(`id="${id}"`), `a label points to #${id}`);
      const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map(m => m[1]!);
      t.deepEqual(ids, [...new Set(ids)], 'ids are given once');
      for (const [form] of html.matchAll(/<form[^>]*method="post"[\s\S]*?<\/form>/g))
        t.regex(form, /name="_csrf"/, 'a posting form carries the token');
      if (html.startsWith('<!DOCTYPE html>')) t.is(html.match(/<h1[ >]/g)?.length, 1, 'one h1 a page');
    });
  }
}

test('every view is drawn by a page and every page has a view', t => {
  const sources = files('panel', '.ts').map(name => readFileSync(join(ROOT, 'panel', name), 'utf8'));
  const drawn = new Set(sources.flatMap(text => [...text.matchAll(/\b(?:render\(ctx, |draw\()'([\w/-]+)'/g)].map(m => m[1]!)));
  t.deepEqual([...drawn].sort(), [...pages].sort());
  t.deepEqual(Object.keys(scenes).sort(), [...pages].sort());
});

test('no view passes markup through', t => {
  for (const name of files('views', '.pug')) {
    const text = readFileSync(join(ROOT, 'views', name), 'utf8');
    t.notRegex(text, /!\{|(^|[\w)"'])!=(?!=)\s/m, name);
  }
});

test('every asset a view names is there', t => {
  for (const name of files('views', '.pug')) {
    const text = readFileSync(join(ROOT, 'views', name), 'utf8');
    for (const [, asset] of text.matchAll(/asset\('([^']+)'\)/g)) t.truthy(assetUrl(asset!), `${name}: ${asset}`);
  }
  t.is(assetUrl('../../package.json'), null);
});

test('the style sheet stays small', t => {
  t.true(readFileSync(join(ROOT, 'panel/assets/client/berth.css'), 'utf8').split('\n').length < 300);
});
