import { execFileSync } from 'node:child_process';
import test from 'ava';
import { code, ending, FILES, imports, ROOT, read, topLevel } from './structure/sources.ts';

const TYPESCRIPT = ending('.ts', '.mjs').filter(path => !path.startsWith('panel/assets/client/'));
const ALL_IMPORTS = TYPESCRIPT.flatMap(imports);
const PRODUCT = (path: string) => !path.startsWith('test/');
const inRoom = (path: string, ...rooms: string[]) => rooms.some(room => path.startsWith(`${room}/`));
const show = (found: { from: string; to: string }[]) => found.map(({ from, to }) => `${from} imports ${to}`);
const RESOURCES = ['account', 'database', 'config', 'runtime', 'slot', 'site', 'certificate', 'schedule', 'backup', 'foundation'];
const resourceOf = (path: string) => RESOURCES.find(name => path.startsWith(`provisioning/${name}/`));

test('there are sources to read', t => {
  t.true(TYPESCRIPT.length > 20);
  t.true(ALL_IMPORTS.length > 50);
});

test('the top level holds what DESIGN.md lists and nothing else', t => {
  const listed = [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'biome.json',
    'README.md',
    'LICENSE',
    'SECURITY.md',
    'CHANGELOG.md',
  ];
  const rooms = ['agent', 'panel', 'provisioning', 'views', 'test'];
  const strange = topLevel().filter(name => !name.startsWith('.') && !listed.includes(name) && !rooms.includes(name));
  t.deepEqual(strange, []);
});

test('the panel reads of provisioning only manifest, names, errors, specs and the catalog', t => {
  const allowed = /^provisioning\/((manifest|names|errors)\.ts|[a-z]+\/spec\.ts|catalog\/)/;
  t.deepEqual(show(ALL_IMPORTS.filter(({ from, to }) => inRoom(from, 'panel') && inRoom(to, 'provisioning') && !allowed.test(to))), []);
});

test('panel and agent never import each other, and provisioning imports neither', t => {
  const wrong = ALL_IMPORTS.filter(
    ({ from, to }) =>
      (inRoom(from, 'panel') && inRoom(to, 'agent')) ||
      (inRoom(from, 'agent') && inRoom(to, 'panel')) ||
      (inRoom(from, 'provisioning') && inRoom(to, 'panel', 'agent')),
  );
  t.deepEqual(show(wrong), []);
});

test('the product never imports its tests', t => {
  t.deepEqual(show(ALL_IMPORTS.filter(({ from, to }) => PRODUCT(from) && inRoom(to, 'test') && from !== 'agent/start/bootstrap.mjs')), []);
});

test('resources never import resources', t => {
  const wrong = ALL_IMPORTS.filter(({ from, to }) => {
    const [here, there] = [resourceOf(from), resourceOf(to)];
    return here && there && here !== there;
  });
  t.deepEqual(show(wrong), []);
});

test('imports make no circles', t => {
  const next = new Map<string, string[]>();
  for (const { from, to, typeOnly } of ALL_IMPORTS) if (!typeOnly && FILES.includes(to)) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, way: string[]) => {
    if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' → '));
    if (way.includes(path) || done.has(path)) return;
    for (const to of next.get(path) ?? []) visit(to, [...way, path]);
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  t.deepEqual(circles, []);
});

test('inside provisioning only the machine touches processes, files and the database server', t => {
  const hands = /^(child_process|fs|fs\/promises|mysql2|mysql2\/promise)$/;
  const free = /^provisioning\/(machine\.ts|machine\/|catalog\/)/;
  t.deepEqual(show(ALL_IMPORTS.filter(({ from, to }) => inRoom(from, 'provisioning') && hands.test(to) && !free.test(from))), []);
  const catalog = ALL_IMPORTS.filter(({ from, to }) => from.startsWith('provisioning/catalog/') && /^(child_process|mysql2)/.test(to));
  t.deepEqual(show(catalog), [], 'the catalog may only read files');
});

test('terminals are opened in one file at most', t => {
  t.true(new Set(ALL_IMPORTS.filter(({ to }) => to === 'node-pty').map(({ from }) => from)).size <= 1);
});

test('SQL of the panel stands in queries.ts and db/ only', t => {
  const sql = /\b(select|one|change|query|execute)(<[^(]*>)?\(\s*[`'"](SELECT|INSERT|UPDATE|DELETE|REPLACE)\b/;
  const wrong = TYPESCRIPT.filter(
    path => inRoom(path, 'panel') && !path.endsWith('/queries.ts') && !path.startsWith('panel/db/') && sql.test(code(path)),
  );
  t.deepEqual(wrong, []);
});

test('every view is rendered and every render has its view', t => {
  const views = ending('.pug').map(path => path.replace(/^views\//, '').replace(/\.pug$/, ''));
  const texts = TYPESCRIPT.filter(path => inRoom(path, 'panel')).map(code);
  const rendered = new Set(
    texts.flatMap(text => [...text.matchAll(/\b(?:render|draw)\(\s*(?:ctx,\s*)?['"]([\w/-]+)['"]/g)].map(([, name]) => name ?? '')),
  );
  const missing = [...rendered].filter(name => !views.includes(name));
  t.deepEqual(missing, [], 'rendered, but there is no such view');
  const included = new Set(
    ending('.pug').flatMap(path =>
      [...read(path).matchAll(/^\s*(?:include|extends)\s+(\S+)/gm)].map(([, to]) =>
        new URL(to ?? '', `file:///${path}`).pathname.replace(/^\/(views\/)?/, '').replace(/\.pug$/, ''),
      ),
    ),
  );
  const quoted = texts.join('\n');
  const unused = views.filter(name => !rendered.has(name) && !included.has(name) && !quoted.includes(`'${name}'`));
  t.deepEqual(unused, [], 'a view that nothing renders');
});

test('no file is longer than 250 lines', t => {
  const lines = (path: string) => read(path).trimEnd().split('\n').length;
  const long = ending('.ts', '.mjs', '.py', '.pug', '.css', '.js').filter(path => lines(path) > 250);
  t.deepEqual(
    long.map(path => `${path}: ${lines(path)} lines`),
    [],
  );
});

test('no Python function is longer than 60 lines', t => {
  const program = [
    'import ast, sys',
    'for path in sys.argv[1:]:',
    '    for node in ast.walk(ast.parse(open(path, encoding="utf-8").read(), path)):',
    '        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno - node.lineno + 1 > 60:',
    '            print(f"{path}: {node.name} has {node.end_lineno - node.lineno + 1} lines")',
  ].join('\n');
  const files = ending('.py');
  if (!files.length) return t.pass();
  t.is(execFileSync('/usr/bin/python3', ['-I', '-c', program, ...files], { cwd: ROOT, encoding: 'utf8' }), '');
});

test('no program is started through a shell', t => {
  const shell = [
    /\bexecSync\b/,
    /\bshell:\s*true/,
    /(?<![.\w])exec\(/,
    /['"](\/bin\/)?(ba|da)?sh['"],\s*\[?\s*['"]-l?c['"]/,
    /\b(?:cp|child_process)\.exec\b/,
  ];
  const guilty = TYPESCRIPT.filter(path => path !== 'test/structure.test.ts' && shell.some(pattern => pattern.test(code(path))));
  t.deepEqual(guilty, []);
  const python = [/shell\s*=\s*True/, /\bos\.(system|popen)\(/];
  const snakes = ending('.py').filter(path => python.some(pattern => pattern.test(read(path))));
  t.deepEqual(snakes, []);
});

test('no drawer for odds and ends', t => {
  t.deepEqual(
    FILES.filter(path => /(^|\/)(utils?|helpers?|common|misc)(\.[a-z]+)?(\/|$)/i.test(path)),
    [],
  );
});

test('nothing names a package registry or a developer’s own folders', t => {
  const strange = new RegExp(
    ['registry\\.npmjs', 'pypi\\.org', 'pythonhosted', ['', 'work', 'main'].join('/'), ['', 'work', 'shared'].join('/')].join('|'),
  );
  const guilty = [...FILES, 'package-lock.json', 'package.json'].filter(
    path => !/\.(png|jpg|woff2?|ico)$/.test(path) && path !== 'test/structure.test.ts' && strange.test(read(path)),
  );
  t.deepEqual(guilty, []);
});

test('the lock file names the packages of every platform, or npm ci refuses it', t => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(name => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`]),
  );
  t.deepEqual(missing, []);
});
