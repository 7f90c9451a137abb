import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'smol-toml';
import { type Pin, placeholders, type Recipe, type RecipeFile, type RecipeText, recipeSchema } from './schema.ts';

export { answersSchema, fillArgv, fillEnv, fillFiles } from './fill.ts';
export type { Pin, Question, Recipe, RecipeFile } from './schema.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
let known: Map<string, Recipe> | null = null;

/** Every app Berth can install, in the order of their names. Read once. */
export function catalog(): Recipe[] {
  known ??= new Map(
    readdirSync(HERE, { withFileTypes: true })
      .filter(entry => entry.isDirectory() && entry.name !== 'stacks' && entry.name !== 'servers')
      .map(entry => readRecipe(join(HERE, entry.name), entry.name))
      .sort((a, b) => a.name.localeCompare(b.name))
      .map(recipe => [recipe.id, recipe]),
  );
  return [...known.values()];
}

/** The app of this id, or null when there is none. */
export function recipe(id: string): Recipe | null {
  return catalog().find(recipe => recipe.id === id) ?? null;
}

/** Reads a recipe.toml. Throws with the name of what is wrong, also for keys nobody knows. */
export function parseRecipe(toml: string): RecipeText {
  const parsed = recipeSchema.parse(parse(toml));
  const asked = new Set(parsed.question.map(question => `answer.${question.id}`));
  const commands = [...parsed.steps.build, ...parsed.steps.migrate, ...parsed.steps.static, ...(parsed.owner ? [parsed.owner.run] : [])];
  for (const name of commands.flat().flatMap(placeholders)) {
    if (name.startsWith('answer.') && !asked.has(name)) throw new Error(`{${name}} is used but never asked`);
    if (name.startsWith('owner.') && !parsed.owner) throw new Error(`{${name}} is used but the app has no owner`);
  }
  return parsed;
}

/** Reads one folder of the catalogue. Throws when it is not whole. */
export function readRecipe(folder: string, id: string): Recipe {
  try {
    const text = parseRecipe(readFileSync(join(folder, 'recipe.toml'), 'utf8'));
    if (text.id !== id) throw new Error(`its id is ${text.id}, its folder ${id}`);
    return {
      ...text,
      files: readFiles(join(folder, 'files'), text),
      lock: readFileSync(join(folder, text.source.requirements), 'utf8'),
      pictureSvg: readFileSync(join(folder, text.picture), 'utf8'),
    };
  } catch (error) {
    throw new Error(`The recipe ${id} cannot be read: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

function readFiles(root: string, text: RecipeText): RecipeFile[] {
  const asked = new Set(text.question.map(question => question.id));
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !/(^|[\\/])__pycache__/.test(entry.parentPath))
    .map(entry => readFile(root, join(entry.parentPath, entry.name), asked))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function readFile(root: string, file: string, asked: Set<string>): RecipeFile {
  const name = relative(root, file).split(sep).join('/');
  const text = readFileSync(file, 'utf8');
  if (text.includes('\0') || text.includes('\ufffd')) throw new Error(`${name} is not text`);
  const template = name.endsWith('.tmpl');
  // Only these two read a JSON string as the same string; HTML or CSS would not.
  if (template && !/\.(py|json)\.tmpl$/.test(name)) throw new Error(`${name} cannot be a template, only Python and JSON can`);
  if (template) {
    for (const [brace, id] of text.matchAll(/\{\{(?:answer\.([a-z][a-z0-9_]*)\}\})?/g)) {
      if (!id || !asked.has(id)) throw new Error(`${name} holds ${brace}, which stands for nothing that is asked`);
    }
  }
  const mode = statSync(file).mode & 0o100 ? 0o755 : 0o644;
  return { path: template ? name.slice(0, -'.tmpl'.length) : name, text, mode, template };
}

/** The exact packages of a lock. */
export function pins(lock: string): Pin[] {
  return [...lock.matchAll(/^([A-Za-z0-9._-]+)==([^\s;\\]+)/gm)].map(([, name = '', version = '']) => ({
    name: name.toLowerCase().replace(/[-_.]+/g, '-'),
    version,
  }));
}

/** The exact packages an app is installed with. */
export function requirements(recipe: Recipe): Pin[] {
  return pins(recipe.lock);
}
