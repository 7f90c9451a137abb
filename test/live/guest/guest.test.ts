import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import test from 'ava';
import { image, say, unable } from './image.ts';

interface Check {
  name: string;
  ok: boolean;
}

test('limits, isolation and endings on control groups version 2 alone, under a real systemd', async t => {
  const why = await unable();
  if (why) {
    t.log(`skipped: ${why}`);
    return t.pass();
  }
  t.timeout(900_000);
  const folder = await mkdtemp('/var/tmp/berth-guest-');
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o711);
  const { argv, told } = await image(folder, resolve(import.meta.dirname, '../../..'));
  const console = await say(argv, 400);
  const text = await readFile(told, 'utf8');
  const lines = text.split('\n').filter(line => line.includes('CHECK {'));
  const checks = lines.map(line => JSON.parse(line.slice(line.indexOf('{'))) as Check);
  for (const check of checks) t.log(JSON.stringify(check));
  t.regex(text, /CHECKS OVER/, console.text.slice(-2000) + text.slice(-2000));
  t.true(checks.length >= 15);
  t.deepEqual(
    checks.filter(check => !check.ok),
    [],
  );
});
