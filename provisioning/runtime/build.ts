import { createHash } from 'node:crypto';
import { fillArgv, fillEnv, fillFiles, pins, type Recipe } from '../catalog/recipe.ts';
import { environment } from '../environment.ts';
import type { Layout } from '../layout.ts';
import type { Manifest } from '../manifest.ts';
import { Secret } from '../names.ts';
import { HOST_PYTHON } from '../stacks/spec.ts';
import type { Act, HomeOp, Mark, Step, Who } from '../steps.ts';
import type { RuntimeSpec } from './spec.ts';

const INSTALL_SECONDS = 900;
const STEP_SECONDS = 300;

/** All that building one release needs to know. */
interface Build {
  manifest: Manifest;
  spec: RuntimeSpec;
  recipe: Recipe;
  who: Who;
  root: string;
  venv: string;
  uv: string | null;
  at: Layout;
}

const step = (why: string, act: Act): Step => ({ ...act, why, resource: 'runtime' });

/** The trace of one part of a release. A release is never built twice, so its number and part say enough. */
export function markName(app: string, release: number, part: string): string {
  return `${app}.${release}.${part}`;
}

function mark(build: Build, part: string): Mark {
  const { spec, manifest, recipe } = build;
  const digest = createHash('sha256').update(`${recipe.id} ${recipe.version} ${part}`).digest('hex').slice(0, 16);
  return { account: manifest.account.name, name: markName(spec.app, spec.release, part), digest };
}

function env(build: Build): Record<string, string | Secret> {
  const config = build.manifest.configs.find(entry => entry.app === build.spec.app);
  if (!config) return {};
  const plain = environment(build.manifest, config, build.at, build.root);
  return Object.fromEntries(Object.entries(plain).map(([key, text]) => [key, new Secret(text)]));
}

function runAs(build: Build, part: string, why: string, argv: string[], seconds = STEP_SECONDS, extra: Record<string, Secret> = {}): Step {
  const { who, spec, root } = build;
  return step(why, {
    do: 'run-as',
    who,
    app: spec.app,
    argv,
    cwd: root,
    env: { ...env(build), ...extra },
    timeoutSeconds: seconds,
    mark: mark(build, part),
  });
}

function lay(build: Build): Step[] {
  const { spec, recipe, root, who, at } = build;
  const folder = at.appFolder(who.name, spec.app);
  const files = fillFiles(recipe, spec.source.answers);
  const folders = new Set<string>(['public', 'public/static']);
  for (const file of files) {
    const parts = file.path.split('/').slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) folders.add(parts.slice(0, depth).join('/'));
  }
  const ops: HomeOp[] = [folder, `${folder}/releases`, root, `${folder}/media`].map(path => ({ op: 'folder', path, mode: 0o755 }));
  for (const path of [...folders].sort()) ops.push({ op: 'folder', path: `${root}/${path}`, mode: 0o755 });
  for (const file of files) ops.push({ op: 'file', path: `${root}/${file.path}`, text: file.text, mode: file.mode });
  ops.push({ op: 'file', path: `${root}/requirements.lock`, text: recipe.lock, mode: 0o644 });
  ops.push({ op: 'link', path: `${root}/public/media`, target: '../../../media' });
  return [step(`Lay down the files of ${spec.app}`, { do: 'home', who, ops, mark: mark(build, 'files') })];
}

function install(build: Build): Step[] {
  const { spec, recipe, venv, root, uv } = build;
  const python = build.manifest.slots.find(slot => slot.app === spec.app)?.python ?? HOST_PYTHON;
  const count = pins(recipe.lock).length;
  const why = `Install ${recipe.name} ${recipe.version} for ${spec.app} (${count} packages)`;
  const lock = `${root}/requirements.lock`;
  if (uv) {
    return [
      runAs(build, 'venv', `Make a Python environment for ${spec.app}`, [uv, 'venv', '--clear', '--seed', '--python', python, venv]),
      runAs(
        build,
        'packages',
        why,
        [uv, 'pip', 'install', '--compile-bytecode', '--python', `${venv}/bin/python`, '-r', lock],
        INSTALL_SECONDS,
      ),
    ];
  }
  const pip = [
    `${venv}/bin/python`,
    '-m',
    'pip',
    'install',
    '--no-input',
    '--disable-pip-version-check',
    '--progress-bar',
    'off',
    '-r',
    lock,
  ];
  return [
    runAs(build, 'venv', `Make a Python environment for ${spec.app}`, [python, '-m', 'venv', '--clear', venv]),
    runAs(build, 'packages', why, pip, INSTALL_SECONDS),
  ];
}

/** Every step that builds one release from its recipe, in order, each with the mark it leaves. Pure. */
export function buildSteps(manifest: Manifest, spec: RuntimeSpec, recipe: Recipe, uv: string | null, at: Layout): Step[] {
  const { account } = manifest;
  const root = at.release(account.name, spec.app, spec.release);
  const who = { name: account.name, uid: account.uid, gid: account.gid, home: at.home(account.name) };
  const build: Build = { manifest, spec, recipe, who, root, venv: `${root}/.venv`, uv, at };
  const values = { venv: build.venv, root, owner: spec.owner, answers: spec.source.answers };
  const database = manifest.configs.find(config => config.app === spec.app)?.database;
  const sentences = {
    build: `Prepare the code of ${spec.app}`,
    migrate: database ? `Create the tables of ${spec.app} in ${database}` : `Prepare the data of ${spec.app}`,
    static: `Gather the static files of ${spec.app}`,
  };
  const steps = [...lay(build), ...install(build)];
  for (const phase of ['build', 'migrate', 'static'] as const) {
    recipe.steps[phase].forEach((argv, index) => {
      const why = index ? `${sentences[phase]} (part ${index + 1})` : sentences[phase];
      steps.push(runAs(build, `${phase}${index}`, why, fillArgv(argv, values)));
    });
  }
  if (recipe.owner && spec.owner) {
    const password = spec.owner.password ?? '';
    const owner = fillEnv(recipe.owner.env, { ...spec.owner, password });
    const extra = Object.fromEntries(Object.entries(owner).map(([key, text]) => [key, new Secret(text)]));
    steps.push(
      runAs(build, 'owner', `Create the owner ${spec.owner.user} of ${spec.app}`, fillArgv(recipe.owner.run, values), STEP_SECONDS, extra),
    );
  }
  return steps;
}
