import { z } from 'zod';
import { appName } from '../names.ts';
import { schedule } from '../slot/spec.ts';

/** The words a command may be made of: `{venv}` and `{root}` are folders, the rest is what the customer said. */
const PLACEHOLDER = /^(venv|root|owner\.user|owner\.email|answer\.[a-z][a-z0-9_]*)$/;
/** The same for the owner's environment, the only place where the password may go. */
const ENV_PLACEHOLDER = /^owner\.(user|email|password)$/;

/** Every `{name}` of a text, in order. A brace that belongs to no name is told as an empty name. */
export function placeholders(text: string): string[] {
  return [...text.matchAll(/\{([A-Za-z0-9_.]*)\}|[{}]/g)].map(match => match[1] ?? '');
}

function onlyKnown(known: RegExp) {
  return (text: string) => placeholders(text).every(name => known.test(name));
}

const word = z
  .string()
  .min(1)
  .max(1000)
  .refine(text => !/[\u0000-\u001f\u007f]/.test(text), 'a word of a command cannot hold control characters')
  .refine(text => !text.startsWith('{answer.'), 'a word cannot begin with an answer, or the answer could pass for an option')
  .refine(onlyKnown(PLACEHOLDER), 'this placeholder is unknown; commands know {venv} {root} {owner.user} {owner.email} {answer.x}');
const argv = z
  .array(word)
  .min(1)
  .refine(words => /^(\{venv\}\/bin\/|\/)/.test(words[0] ?? ''), 'a command begins with {venv}/bin/ or an absolute path');
const sentence = z.string().min(1).max(400);

/** One thing a customer is asked before an app is installed. */
const questionSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'use lower-case letters, digits and underscores'),
    label: z.string().min(1).max(80),
    type: z.enum(['string', 'email', 'select']),
    help: sentence.optional(),
    default: z.string().max(2000).optional(),
    pattern: z
      .string()
      .refine(text => {
        try {
          return Boolean(new RegExp(text, 'u'));
        } catch {
          return false;
        }
      }, 'this is not a regular expression')
      .optional(),
    maxLength: z.int().min(1).max(2000).default(200),
    options: z.array(z.string().min(1)).min(1).optional(),
  })
  .refine(question => (question.type === 'select') === Boolean(question.options), 'a select needs options, and only a select has them');

/** A process of an app beside the one that serves visitors: kept running, or run at its times. */
const processSchema = z
  .strictObject({
    name: appName.refine(name => name !== 'web', 'web is the process that serves visitors, see [run]'),
    role: z.enum(['worker', 'scheduled']),
    argv: argv.refine(
      words => words.flatMap(placeholders).every(name => name === 'venv' || name === 'root'),
      'a process knows only {venv} and {root}',
    ),
    schedule: schedule.optional(),
  })
  .refine(
    ({ role, schedule }) => (role === 'scheduled') === (schedule !== undefined),
    'a scheduled process needs a schedule, and no other has one',
  );

/** What recipe.toml may say. A key that is not here is an error, so that a typing mistake never goes unnoticed. */
export const recipeSchema = z.strictObject({
  format: z.literal(1),
  id: z.string().regex(/^[a-z0-9-]{2,32}$/),
  name: z.string().min(1).max(40),
  /** The version of the app that is installed, as its makers count. */
  version: z.string().regex(/^\d+(\.\d+)*$/),
  category: z.enum(['cms', 'forum', 'gallery', 'shop', 'wiki', 'notes', 'tracker', 'calendar', 'static', 'starter']),
  tagline: z.string().min(1).max(80),
  description: sentence,
  /** SPDX. */
  license: z.string().min(1),
  homepage: z.url({ protocol: /^https$/ }),
  /** The name of a Tabler icon. */
  icon: z.string().regex(/^[a-z0-9-]+$/),
  picture: z.literal('picture.svg'),
  needs: z.strictObject({ database: z.boolean() }),
  requires: z.strictObject({ python: z.string().regex(/^>=\d+\.\d+$/) }),
  source: z.strictObject({
    requirements: z.literal('requirements.lock'),
    stack: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,63}$/)
      .optional(),
  }),
  question: z.array(questionSchema).default([]),
  steps: z.strictObject({ build: z.array(argv), migrate: z.array(argv), static: z.array(argv) }),
  owner: z
    .strictObject({
      run: argv,
      env: z.record(
        z.string().regex(/^[A-Z][A-Z0-9_]*$/),
        z.string().refine(onlyKnown(ENV_PLACEHOLDER), 'the owner has only {owner.user} {owner.email} {owner.password}'),
      ),
      login_path: z.string().startsWith('/'),
    })
    .optional(),
  run: z.strictObject({ kind: z.literal('wsgi'), entry: z.string().regex(/^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$/) }),
  process: z
    .array(processSchema)
    .default([])
    .refine(all => new Set(all.map(({ name }) => name)).size === all.length, 'each process has a name of its own'),
  health: z.strictObject({ path: z.string().startsWith('/'), status: z.int().min(100).max(599), contains: z.string().min(8) }),
});
export type RecipeText = z.infer<typeof recipeSchema>;
export type Question = RecipeText['question'][number];

/** A file that a recipe lays into the release, with `.tmpl` already taken off its path. */
export interface RecipeFile {
  path: string;
  text: string;
  mode: number;
  /** Whether `{{answer.x}}` in the text stands for an answer. */
  template: boolean;
}

/** One app of the catalogue: its recipe.toml, the files beside it, and their texts. */
export interface Recipe extends RecipeText {
  files: RecipeFile[];
  /** requirements.lock as pip reads it with --require-hashes. */
  lock: string;
  /** picture.svg: 640 × 400, for light and dark. */
  pictureSvg: string;
}

/** One package of a lock, its name as PEP 503 writes it. */
export interface Pin {
  name: string;
  version: string;
}
