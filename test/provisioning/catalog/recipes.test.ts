import { readFileSync } from 'node:fs';
import test from 'ava';
import { catalog, fillArgv, fillEnv, parseRecipe, recipe, requirements } from '../../../provisioning/catalog/recipe.ts';
import { servers, stacks } from '../../../provisioning/catalog/stacks.ts';

const toml = (id: string) => readFileSync(new URL(`../../../provisioning/catalog/${id}/recipe.toml`, import.meta.url), 'utf8');
const owner = { user: 'ada', email: 'ada@example.org', password: 'a long password' };

test('the catalogue holds Wagtail and two starters', t => {
  t.deepEqual(
    catalog().map(({ id, category }) => `${id} ${category}`),
    ['django starter', 'flask starter', 'wagtail cms'],
  );
  t.is(recipe('wagtail')?.name, 'Wagtail');
  t.is(recipe('../etc'), null);
});

test('a key nobody knows is an error, at every level', t => {
  const good = toml('wagtail');
  t.notThrows(() => parseRecipe(good));
  for (const [from, to] of [
    ['format = 1', 'format = 1\ncolour = "red"'],
    ['[run]', '[run]\nworkers = 2'],
    ['[health]', '[health]\nmin_bytes = 5'],
    ['[[question]]', '[[question]]\nrequired = true'],
    ['[owner]', '[owner]\nskip_if = []'],
  ] as const) {
    t.throws(() => parseRecipe(good.replace(from, to)), { message: /unrecognized|Unrecognized/ }, to);
  }
});

test('commands are words with known placeholders, and never hold the password', t => {
  const good = toml('wagtail');
  for (const [from, to] of [
    ['"manage.py", "owner"]', '"manage.py", "owner", "{owner.password}"]'],
    ['"manage.py", "welcome"]', '"manage.py", "welcome", "{answer.never_asked}"]'],
    ['"manage.py", "welcome"]', '"manage.py", "welcome", "{answer.site_name}"]'],
    ['"manage.py", "welcome"]', '"manage.py", "welcome", "{"]'],
    ['["{venv}/bin/python", "manage.py", "welcome"]', '["python", "manage.py", "welcome"]'],
  ] as const) {
    t.true(good.includes(from), from);
    t.throws(() => parseRecipe(good.replace(from, to)), undefined, to);
  }
  t.throws(() => parseRecipe(toml('flask').replace('"app.py"', '"{owner.user}"')), { message: /no owner/ });
});

test('a recipe may declare further processes, each checked', t => {
  const worker = '[[process]]\nname = "queue"\nrole = "worker"\nargv = ["{venv}/bin/python", "{root}/queue.py"]\n';
  const nightly =
    '[[process]]\nname = "nightly"\nrole = "scheduled"\nschedule = "0 3 * * mon-fri"\nargv = ["{venv}/bin/python", "manage.py"]\n';
  const parse = (text: string) => parseRecipe(`${toml('flask')}\n${text}`).process;
  t.deepEqual(parse('').length, 0);
  t.like(parse(worker + nightly)[1], { name: 'nightly', role: 'scheduled', schedule: '0 3 * * mon-fri' });
  for (const [text, message] of [
    [worker + worker, /a name of its own/],
    [worker.replace('queue"', 'web"'), /web is the process that serves/],
    [worker.replace('worker', 'scheduled'), /needs a schedule/],
    [nightly.replace('0 3', '0 24'), /hour must be from 0 to 23/],
    [worker.replace('{root}', '{owner.email}'), /only \{venv\} and \{root\}|no owner/],
    [worker.replace('{venv}/bin/python', 'python'), /absolute path/],
  ] as const)
    t.throws(() => parse(text), { message }, text);
});

test('every placeholder of every recipe resolves', t => {
  for (const entry of catalog()) {
    const answers = Object.fromEntries(entry.question.map(({ id }) => [id, 'An answer']));
    const commands = [...entry.steps.build, ...entry.steps.migrate, ...entry.steps.static, ...(entry.owner ? [entry.owner.run] : [])];
    for (const argv of commands) {
      const words = fillArgv(argv, { venv: '/v', root: '/r', owner, answers });
      t.is(words.length, argv.length);
      t.true(words[0]?.startsWith('/'), entry.id);
      t.false(words.join(' ').includes('{'));
    }
    if (entry.owner) {
      t.deepEqual(fillEnv(entry.owner.env, owner), {
        DJANGO_SUPERUSER_USERNAME: 'ada',
        DJANGO_SUPERUSER_EMAIL: 'ada@example.org',
        DJANGO_SUPERUSER_PASSWORD: 'a long password',
      });
    }
  }
});

test('an unknown placeholder throws, and what an answer holds is not looked at again', t => {
  const values = { venv: '/v', root: '/r', owner, answers: { name: '{owner.email} {venv} $(id)' } };
  t.deepEqual(fillArgv(['{venv}/bin/python', '--name={answer.name}'], values), ['/v/bin/python', '--name={owner.email} {venv} $(id)']);
  for (const word of ['{owner.password}', '{answer.other}', '{answer.constructor}', '{secret}', '{', '{}']) {
    t.throws(() => fillArgv([word], values), { message: /Nothing is known|is missing/ }, word);
  }
  t.throws(() => fillArgv(['{owner.user}'], { ...values, owner: null }));
  t.throws(() => fillEnv({ A: '{venv}' }, owner));
});

test('a recipe of a stack holds the very packages of the stack, with the same digests', t => {
  const known = new Map(stacks().map(stack => [stack.id, stack]));
  for (const entry of catalog().filter(({ source }) => source.stack)) {
    const stack = known.get(entry.source.stack as string);
    t.truthy(stack, entry.id);
    for (const pin of stack?.packages ?? []) {
      t.deepEqual(
        requirements(entry).find(({ name }) => name === pin.name),
        pin,
        entry.id,
      );
      t.deepEqual(digests(entry.lock, pin.name), digests(stack?.lock ?? '', pin.name), `${entry.id} ${pin.name}`);
    }
  }
  t.deepEqual(
    known
      .get('django-5.2')
      ?.packages.map(({ name }) => name)
      .sort(),
    ['asgiref', 'django', 'pymysql', 'sqlparse'],
  );
});

test('locks pin every package by digest and name no place to fetch from', t => {
  for (const { id, lock, version } of [...catalog(), ...[...stacks(), ...servers()].map(stack => ({ ...stack, version: null }))]) {
    t.notRegex(lock, /https?:|--index-url|--find-links|--trusted-host/, id);
    for (const line of lock.split('\n').filter(text => text && !text.startsWith('#'))) {
      t.regex(line, /^([a-z0-9-]+==[\w.]+ \\| {4}--hash=sha256:[0-9a-f]{64}( \\)?)$/, id);
    }
    const names = [...lock.matchAll(/^([a-z0-9-]+)==/gm)].map(match => match[1] as string);
    t.is(new Set(names).size, names.length, id);
    for (const name of names) t.true(digests(lock, name).length > 0, `${id} ${name}`);
    if (version) t.true(lock.includes(`${id}==${version} `), `${id} is pinned at its own version`);
  }
});

function digests(lock: string, name: string): string[] {
  const from = lock.slice(lock.search(new RegExp(`^${name}==`, 'm')));
  return (from.match(/^\S+ \\\n((?: {4}--hash=\S+(?: \\)?\n?)+)/)?.[1] ?? '').match(/[0-9a-f]{64}/g) ?? [];
}
