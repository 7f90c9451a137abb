import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { stacks } from '../../provisioning/catalog/stacks.ts';
import { stackRecord } from '../../provisioning/stacks/plan.ts';
import { fromCatalog } from '../../provisioning/stacks/spec.ts';
import { run } from './process.ts';

const APPS = join(import.meta.dirname, 'apps');
const PYTHON = '/usr/bin/python3';
const FIRST_UID = 491_000;

/** One customer of the benchmark, with a Django project and a Flask app. */
export interface User {
  n: number;
  uid: number;
  name: string;
  home: string;
  django: string;
  /** The same project with another version of Django than Berth's stack has. */
  own: string;
  flask: string;
}

/** The folders everything happens in. */
export interface Ground {
  folder: string;
  homes: string;
  python: string;
  users: User[];
  peers: string;
  apachePort: number;
  passengerPort: number;
  port: number;
  packagesOf: (root: string) => string;
  /** stack.json by stack id, made of the very packages the peers use. */
  stacks: Record<string, string>;
  shared: string;
  /** What the projects with another Django have installed, by name. */
  ownPackages: Record<string, string>;
  clear: () => void;
}

function freePort(): Promise<number> {
  return new Promise(done => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}

/** The exact packages of Berth's Django stack, and Flask, once for everybody. */
function installShared(folder: string): { shared: string; python: string } {
  const shared = join(folder, 'packages');
  const lock = join(folder, 'requirements.lock');
  const django = stacks().find(stack => stack.id === 'django-5.2');
  if (!django) throw new Error('The catalog has no stack django-5.2.');
  writeFileSync(lock, django.lock);
  const pip = [PYTHON, '-m', 'pip', 'install', '-q', '--root-user-action', 'ignore', '--only-binary', ':all:', '--target', shared];
  run([...pip, '--require-hashes', '--no-deps', '-r', lock]);
  run([...pip, '--upgrade', 'flask==3.1.*']);
  const version = run([PYTHON, '-c', 'import sys; print("python%d.%d" % sys.version_info[:2], end="")']);
  run([PYTHON, '-I', '-m', 'compileall', '-q', '-s', shared, shared]);
  return { shared, python: version };
}

/** Another Django, once for everybody, and its packages by name. */
function installOther(folder: string): { other: string; ownPackages: Record<string, string> } {
  const other = join(folder, 'other');
  run([
    ...[PYTHON, '-m', 'pip', 'install', '-q', '--root-user-action', 'ignore', '--only-binary', ':all:'],
    '--target',
    other,
    'django==5.1.*',
  ]);
  run([PYTHON, '-I', '-m', 'compileall', '-q', '-s', other, other]);
  const found = readdirSync(other).flatMap(name => [...name.matchAll(/^(.+)-([^-]+)\.dist-info$/g)]);
  return {
    other,
    ownPackages: Object.fromEntries(found.map(([, name = '', version = '']) => [name.toLowerCase().replace(/[-_.]+/g, '-'), version])),
  };
}

/** What a zygote for Flask preloads: all that the app has loaded after its first page, but the app itself. */
function flaskStack(shared: string, version: string): string {
  const look = [
    'import sys, json; sys.path[:0] = sys.argv[1:]; before = set(sys.modules)',
    'import hello; hello.application.test_client().get("/")',
    'from importlib.metadata import distributions',
    'names = sorted(set(sys.modules) - before - {"hello"})',
    'have = {d.metadata["Name"]: d.version for d in distributions(path=[sys.argv[1]])}',
    'want = ["Flask", "Werkzeug", "Jinja2", "MarkupSafe", "itsdangerous", "click", "blinker"]',
    'lower = {k.lower(): (k, v) for k, v in have.items()}',
    'print(json.dumps({"preload": names, "packages": {w: lower[w.lower()][1] for w in want}}))',
  ].join('\n');
  const found = JSON.parse(run([PYTHON, '-I', '-S', '-B', '-c', look, shared, join(APPS, 'flask')]));
  return `${JSON.stringify({ id: 'flask-3', python: PYTHON, version, ...found })}\n`;
}

function djangoStack(version: string): string {
  const stack = stacks().find(found => found.id === 'django-5.2')!;
  const preload = readFileSync(join(import.meta.dirname, '../../agent/slotd/stacks/django-5.2.json'), 'utf8');
  return stackRecord(fromCatalog(stack), version, preload);
}

function layOut(user: User, ground: Pick<Ground, 'shared' | 'packagesOf'>, other: string): void {
  for (const [from, root, all] of [
    ['django', user.django, ground.shared],
    ['django', user.own, other],
    ['flask', user.flask, ground.shared],
  ] as const) {
    cpSync(join(APPS, from), root, { recursive: true });
    const cgi = join(root, 'app.cgi');
    const packages = ground.packagesOf(root);
    if (from === 'django') {
      const text = readFileSync(cgi, 'utf8');
      writeFileSync(cgi, text.replace('{root}', root).replace('{packages}', packages));
      chmodSync(cgi, 0o755);
      mkdirSync(join(root, 'public'));
    }
    // The very same inodes for everybody, so that the page cache favours no one.
    mkdirSync(join(packages, '..'), { recursive: true });
    run(['/bin/cp', '-al', all, packages]);
    mkdirSync(join(root, '.venv/bin'));
    symlinkSync(PYTHON, join(root, '.venv/bin/python'));
    writeFileSync(join(root, '.venv/pyvenv.cfg'), 'home = /usr/bin\ninclude-system-site-packages = false\n');
    run([PYTHON, '-I', '-m', 'compileall', '-q', '-x', '/[.]venv/', root]);
  }
  // Not through .venv: its files are hard links and stay root's.
  run(['/usr/bin/find', user.home, '-path', '*/.venv', '-prune', '-o', '-exec', '/bin/chown', `${user.uid}:${user.uid}`, '{}', '+']);
  chmodSync(user.home, 0o711);
}

/** Lays the same two apps out for each of some users, below one short folder. */
export async function layGround(count: number): Promise<Ground> {
  const folder = mkdtempSync('/tmp/bb-');
  chmodSync(folder, 0o755);
  const [port, apachePort, passengerPort] = [await freePort(), await freePort(), await freePort()];
  const clear = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', clear);
  const { shared, python } = installShared(folder);
  const { other, ownPackages } = installOther(folder);
  const homes = join(folder, 'h');
  const peers = join(folder, 'p');
  for (const path of [homes, peers]) mkdirSync(path);
  const users = Array.from({ length: count }, (_, n): User => {
    const name = `bench${String(n).padStart(2, '0')}`;
    const home = join(homes, name);
    return {
      n,
      uid: FIRST_UID + n,
      name,
      home,
      django: `${home}/apps/dj/current`,
      own: `${home}/apps/own/current`,
      flask: `${home}/apps/fl/current`,
    };
  });
  const packagesOf = (root: string) => join(root, '.venv/lib', python, 'site-packages');
  for (const user of users) {
    layOut(user, { shared, packagesOf }, other);
    mkdirSync(join(peers, user.name));
    chownSync(join(peers, user.name), user.uid, user.uid);
  }
  const records = { 'django-5.2': djangoStack(python), 'flask-3': flaskStack(shared, python) };
  return { folder, homes, python, users, peers, port, apachePort, passengerPort, packagesOf, shared, ownPackages, stacks: records, clear };
}
