import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { answersSchema, catalog, fillFiles, recipe } from '../../../provisioning/catalog/recipe.ts';

const run = promisify(execFile);

/** Compiles all Python files; prints what the site's name became, and how many statements there are, so that an added one shows. */
const COMPILE = `
import ast, json, sys
texts = json.load(open(sys.argv[1], encoding="utf-8"))
trees = {path: ast.parse(text, path) for path, text in texts.items()}
for path, text in texts.items():
    compile(text, path, "exec")
found = []
for path, tree in trees.items():
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in ("SITE_NAME", "WAGTAIL_SITE_NAME"):
            found.append(ast.literal_eval(node.value))
print(json.dumps({"name": found, "statements": sum(len(tree.body) for tree in trees.values())}))
`;

async function compiled(id: string, siteName: string): Promise<{ name: string[]; statements: number }> {
  const entry = recipe(id);
  if (!entry) throw new Error(`no recipe ${id}`);
  const files = fillFiles(entry, { site_name: siteName }).filter(({ path }) => path.endsWith('.py'));
  const folder = await mkdtemp(join(tmpdir(), 'berth-recipe-'));
  try {
    const list = join(folder, 'texts.json');
    await writeFile(list, JSON.stringify(Object.fromEntries(files.map(({ path, text }) => [path, text]))));
    const { stdout } = await run('/usr/bin/python3', ['-I', '-c', COMPILE, list]);
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const HOSTILE = [
  `'''`,
  `"""`,
  `"; import os; os.system("id") #`,
  `\\`,
  `\\"`,
  `\\\\" + open("/etc/passwd").read() + "`,
  '{{answer.site_name}}',
  '{{ 7 * 7 }} {% load x %}',
  `a\nimport os`,
  `a\r\nimport os\u2028import os\u0085\f\v`,
  `\${HOME} $(id) \`id\``,
  "$& $1 $` $'",
  'Schöngeist 🌊 日本',
  '\\N{LATIN SMALL LETTER A} \\x41 \\u0041',
  '</script><script>alert(1)</script>',
];

for (const id of ['wagtail', 'django', 'flask']) {
  test(`no answer breaks out of the Python of ${id}`, async t => {
    const plain = await compiled(id, 'Plain');
    t.deepEqual(plain.name, ['Plain']);
    const results = await Promise.all(HOSTILE.map(text => compiled(id, text)));
    for (const [index, result] of results.entries()) {
      t.deepEqual(result, { name: [HOSTILE[index] as string], statements: plain.statements });
    }
  });
}

test('answers are checked, with messages that name the question', t => {
  const entry = recipe('wagtail');
  if (!entry) return t.fail();
  const schema = answersSchema(entry);
  t.deepEqual(schema.parse({}), { site_name: 'My site' });
  t.deepEqual(schema.parse({ site_name: `Ada's "place"` }), { site_name: `Ada's "place"` });
  for (const [answers, message] of [
    [{ site_name: '' }, /Site name: write something here/],
    [{ site_name: 7 }, /Site name: write something here/],
    [{ site_name: 'x'.repeat(61) }, /Site name: use at most 60 characters/],
    [{ site_name: 'a\nb' }, /Site name: use one line/],
    [{ site_name: 'a\ud800' }, /Site name: use one line/],
    [{ site_name: 'a', colour: 'red' }, /colour/],
  ] as const) {
    t.regex(schema.safeParse(answers).error?.issues[0]?.message ?? '', message);
  }
});

test('patterns, e-mail addresses and choices are checked too', t => {
  const base = { maxLength: 50 };
  const schema = answersSchema({
    question: [
      { ...base, id: 'code', label: 'Code', type: 'string', pattern: '^[a-z]+$', help: 'small letters only' },
      { ...base, id: 'mail', label: 'E-mail', type: 'email' },
      { ...base, id: 'size', label: 'Size', type: 'select', options: ['small', 'large'], default: 'small' },
    ],
  });
  t.deepEqual(schema.parse({ code: 'abc', mail: 'ada@example.org' }), { code: 'abc', mail: 'ada@example.org', size: 'small' });
  const issues = schema.safeParse({ code: 'A1', mail: 'ada', size: 'huge' }).error?.issues.map(({ message }) => message);
  t.deepEqual(issues, ['Code: small letters only', 'E-mail: use an address such as ada@example.org', 'Size: choose one of small, large']);
});

test('files are filled, named without .tmpl, and executable only where they should be', t => {
  for (const entry of catalog()) {
    const files = fillFiles(entry, { site_name: 'A' });
    for (const { path, text, mode } of files) {
      t.notRegex(path, /\.tmpl$|^\/|\.\.|\\/);
      t.false(text.includes('{{answer.'), path);
      t.is(mode, path === 'manage.py' ? 0o755 : 0o644, path);
    }
    t.is(new Set(files.map(({ path }) => path)).size, files.length);
    t.throws(() => fillFiles(entry, {}), { message: /site_name is missing/ });
  }
});
