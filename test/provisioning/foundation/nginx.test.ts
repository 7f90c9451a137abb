import { readFileSync } from 'node:fs';
import test from 'ava';
import { nginxMain } from '../../../provisioning/foundation/nginx.ts';
import { PAGES, pageText } from '../../../provisioning/foundation/pages.ts';
import { at, wanted } from './debian.ts';

test("the web server's settings are those of golden/nginx.conf", t => {
  const golden = readFileSync(new URL('golden/nginx.conf', import.meta.url), 'utf8');
  t.is(nginxMain(at, wanted), golden);
});

test('apps cannot make the web server serve what is not theirs', t => {
  const text = nginxMain(at, wanted);
  t.regex(text, /proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Charset;/);
  t.regex(text, /disable_symlinks if_not_owner from=/);
  t.is(text.match(/internal;/g)?.length, text.match(/location = \/\.berth\//g)?.length, "only Berth's own pages are internal");
});

test("pages need nothing but themselves, and say what the site's owner can do", t => {
  for (const [name, page] of Object.entries(PAGES)) {
    const html = pageText(page);
    t.notRegex(html, /<script|https?:|<link|<img/i, name);
    t.regex(html, /prefers-color-scheme:dark/);
    t.regex(html, /name="viewport"/);
    t.true(html.includes(page.text) && html.includes(page.owner));
  }
});
