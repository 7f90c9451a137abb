import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { catalog, type Recipe, recipe } from '../../../provisioning/catalog/recipe.ts';

const run = promisify(execFile);
const WELL_FORMED = 'import sys, xml.dom.minidom; [xml.dom.minidom.parseString(text.encode()) for text in sys.argv[1:]]';

const svgs = (entry: Recipe) => [entry.pictureSvg, ...entry.files.filter(({ path }) => path.endsWith('.svg')).map(({ text }) => text)];
const text = (entry: Recipe, path: string) => entry.files.find(file => file.path === path)?.text;

for (const entry of catalog()) {
  test(`${entry.id}: pictures are well-formed, alone, and hold no script`, async t => {
    await t.notThrowsAsync(run('/usr/bin/python3', ['-I', '-c', WELL_FORMED, ...svgs(entry)]));
    t.regex(entry.pictureSvg, /^<svg [^>]*viewBox="0 0 640 400"/);
    t.regex(entry.pictureSvg, /<title>[^<]{20,}<\/title>/);
    for (const svg of svgs(entry)) {
      t.notRegex(svg, /<script|<foreignObject|<image|<style|\son\w+=|javascript:|(xlink:)?href|@import|<!DOCTYPE|<!ENTITY/i);
      t.notRegex(svg.replace('xmlns="http://www.w3.org/2000/svg"', ''), /https?:|url\((?!#)/);
    }
  });

  test(`${entry.id}: pages load nothing from elsewhere and no inline script`, t => {
    for (const { path, text } of entry.files.filter(file => /\.(html|css)$/.test(file.path))) {
      t.notRegex(text, /<script|\son\w+="|@import|(src|<link[^>]*href)="(https?:)?\/\//i, path);
    }
  });

  test(`${entry.id}: the front page says what the health check looks for`, t => {
    t.true(
      entry.files.some(({ path, text }) => path.endsWith('.html') && text.includes(entry.health.contains)),
      entry.health.contains,
    );
  });

  test(`${entry.id}: the entry point is a file of the recipe, and its commands name files that are there`, t => {
    const [module = '', name = ''] = entry.run.entry.split(':');
    const file = text(entry, `${module.replaceAll('.', '/')}.py`);
    t.regex(file ?? '', new RegExp(`^${name} = `, 'm'));
    const paths = new Set(entry.files.flatMap(({ path }) => [path, path.split('/')[0]]));
    for (const word of entry.steps.build.flatMap(argv => argv.slice(4))) t.true(paths.has(word), word);
    for (const command of [...entry.steps.migrate, ...(entry.owner ? [entry.owner.run] : [])].flat()) {
      if (['owner', 'welcome'].includes(command)) {
        t.true(
          entry.files.some(({ path }) => path.endsWith(`/management/commands/${command}.py`)),
          command,
        );
      }
    }
  });
}

test('both Django apps read what the host says with the same file, and make owners alike', t => {
  const [wagtail, django] = [recipe('wagtail'), recipe('django')] as [Recipe, Recipe];
  t.is(text(wagtail, 'berth.py'), text(django, 'berth.py'));
  t.is(text(wagtail, 'pages/management/commands/owner.py'), text(django, 'guestbook/management/commands/owner.py'));
});

test('no app ships a password, a key, or debugging for strangers', t => {
  for (const entry of catalog()) {
    for (const { path, text } of entry.files.filter(file => file.path.endsWith('.py'))) {
      t.notRegex(text, /DEBUG = True|ALLOWED_HOSTS = \["\*"\]|PASSWORD = ["']/, path);
    }
  }
  for (const id of ['wagtail', 'django']) {
    t.regex(text(recipe(id) as Recipe, 'mysite/settings.py') ?? '', /DEBUG = not berth\.HOSTED/);
    t.regex(text(recipe(id) as Recipe, 'mysite/settings.py') ?? '', /SECRET_KEY = os\.environ\["SECRET_KEY"\] if berth\.HOSTED/);
  }
});
