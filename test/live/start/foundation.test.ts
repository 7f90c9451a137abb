import { lstat, readFile } from 'node:fs/promises';
import test from 'ava';
import { layFoundation } from '../../../agent/start/ground.ts';
import { DATABASE_USER, folders, PANEL_USER } from '../../../provisioning/foundation/spec.ts';
import { place, say } from './place.ts';

test('this machine becomes a host, and a second plan is empty', async t => {
  const { settings, host, remove } = await place();
  t.teardown(remove);
  t.true((await layFoundation(host, settings.wanted)) > 20);
  t.is(await layFoundation(host, settings.wanted), 0);
  for (const { path, mode } of folders(settings.at, settings.wanted)) t.is((await lstat(path)).mode & 0o7777, mode, path);
});

test("the name service knows Berth's own users, who can not sign in", async t => {
  const { settings, host, remove } = await place();
  t.teardown(remove);
  await layFoundation(host, settings.wanted);
  for (const { name, uid, gid } of [PANEL_USER, DATABASE_USER]) {
    const { text } = await say('/usr/bin/getent', ['passwd', name]);
    t.regex(text, new RegExp(`^${name}:[^:]*:${uid}:${gid}:.*:/usr/sbin/nologin$`, 'm'));
    t.is((await say('/usr/bin/getent', ['group', String(gid)])).text.split(':')[0], name);
  }
});

test('a stack holds its exact packages, compiled, and none of them ran as root', async t => {
  const { settings, host, remove } = await place();
  t.teardown(remove);
  await layFoundation(host, settings.wanted);
  const { at } = settings;
  for (const { id, packages } of settings.wanted.stacks) {
    const record = JSON.parse(await readFile(`${at.stack(id)}/stack.json`, 'utf8'));
    t.is(record.id, id);
    t.is(record.python, '/usr/bin/python3');
    t.deepEqual(record.packages, Object.fromEntries(packages.map(pin => [pin.name, pin.version])));
    const entries = await host.list(`${at.stack(id)}/site-packages`);
    for (const { name, version } of packages) {
      const wanted = `${name.toLowerCase().replaceAll(/[-.]+/g, '_')}-${version}.dist-info`;
      t.true(
        entries.some(entry => entry.toLowerCase().replaceAll('-', '_') === wanted.replaceAll('-', '_')),
        wanted,
      );
    }
    const compiled = await host.list(`${at.stack(id)}/site-packages/django/__pycache__`);
    t.true(compiled.some(entry => entry.endsWith('.pyc')));
  }
});
