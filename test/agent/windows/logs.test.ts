import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { follow, tail } from '../../../agent/windows/logs.ts';

test('the last lines of a log, whatever its length', async t => {
  const folder = await mkdtemp('/tmp/bl-');
  const path = join(folder, 'app.log');
  t.deepEqual((await tail(path, 10)).lines, []);
  const lines = Array.from({ length: 5000 }, (_, index) => `line ${index} ${'x'.repeat(40)}`);
  await writeFile(path, `${lines.join('\n')}\nhalf a li`);
  t.deepEqual((await tail(path, 3)).lines, lines.slice(-3));
  t.deepEqual((await tail(path, 10_000)).lines, lines);
  await rm(folder, { recursive: true });
});

test('new lines are followed through a rotation', async t => {
  const folder = await mkdtemp('/tmp/bl-');
  const path = join(folder, 'app.log');
  await writeFile(path, 'one\nhalf');
  const seen = await tail(path, 10);
  t.deepEqual(seen.lines, ['one']);
  const gone = new AbortController();
  const found: string[] = [];
  const reading = (async () => {
    for await (const line of follow(path, seen.end, seen.inode, gone.signal)) if (found.push(line) === 3) gone.abort();
  })();
  await appendFile(path, ' a line\ntwo\n');
  await new Promise(go => setTimeout(go, 600));
  await rename(path, `${path}.1`);
  await writeFile(path, 'three\n');
  await reading;
  t.deepEqual(found, ['half a line', 'two', 'three']);
  await rm(folder, { recursive: true });
});
