import { z } from 'zod';
import type { Question, Recipe, RecipeText } from './schema.ts';

/** What the words of a command may stand for. */
export interface ArgvValues {
  venv: string;
  root: string;
  owner?: { user: string; email: string } | null;
  answers: Record<string, string>;
}

/** A file ready to be written below the release. */
export interface FilledFile {
  path: string;
  text: string;
  mode: number;
}

/** The schema of a recipe's answers: every question once, nothing else, each message naming its question. */
export function answersSchema(recipe: Pick<RecipeText, 'question'>): z.ZodType<Record<string, string>> {
  return z.strictObject(Object.fromEntries(recipe.question.map(question => [question.id, answerSchema(question)])));
}

function answerSchema(question: Question): z.ZodType<string> {
  const { label, maxLength } = question;
  if (question.options) {
    const select = z.enum(question.options, `${label}: choose one of ${question.options.join(', ')}`);
    return question.default === undefined ? select : select.default(question.default);
  }
  let text = z
    .string(`${label}: write something here`)
    .min(1, `${label}: write something here`)
    .max(maxLength, `${label}: use at most ${maxLength} characters`)
    .regex(/^[^\u0000-\u001f\u007f\ud800-\udfff]*$/u, `${label}: use one line of ordinary characters`);
  if (question.pattern)
    text = text.regex(new RegExp(question.pattern, 'u'), `${label}: ${question.help ?? 'this does not have the right form'}`);
  if (question.type === 'email') text = text.regex(z.regexes.email, `${label}: use an address such as ada@example.org`);
  return question.default === undefined ? text : text.default(question.default);
}

/**
 * The files of a recipe with the answers in place. An answer becomes a whole string literal, quotes included, that Python and JSON
 * read alike; nothing in it can end the literal. Characters beyond ASCII stay as they are: Python would read a JSON surrogate pair as two.
 */
export function fillFiles(recipe: Pick<Recipe, 'files'>, answers: Record<string, string>): FilledFile[] {
  return recipe.files.map(({ path, text, mode, template }) => ({
    path,
    mode,
    text: template ? text.replace(/\{\{answer\.([a-z][a-z0-9_]*)\}\}/g, (_, id: string) => JSON.stringify(answerOf(answers, id))) : text,
  }));
}

/** The words of a command with their placeholders filled, once each: what an answer holds is never looked at again. */
export function fillArgv(argv: string[], values: ArgvValues): string[] {
  return argv.map(word => fill(word, name => argvValue(name, values)));
}

/** The owner's environment with its placeholders filled. It holds the password: never log it, never make words of it. */
export function fillEnv(env: Record<string, string>, owner: { user: string; email: string; password: string }): Record<string, string> {
  const values: Record<string, string> = { 'owner.user': owner.user, 'owner.email': owner.email, 'owner.password': owner.password };
  return Object.fromEntries(Object.entries(env).map(([key, text]) => [key, fill(text, name => values[name])]));
}

function fill(text: string, value: (name: string) => string | undefined): string {
  return text.replace(/\{([A-Za-z0-9_.]*)\}|[{}]/g, (whole, name?: string) => {
    const found = name ? value(name) : undefined;
    if (found === undefined) throw new Error(`Nothing is known for the placeholder ${whole} in "${text}"`);
    return found;
  });
}

function argvValue(name: string, values: ArgvValues): string | undefined {
  if (name === 'venv') return values.venv;
  if (name === 'root') return values.root;
  if (name === 'owner.user') return values.owner?.user;
  if (name === 'owner.email') return values.owner?.email;
  // The password is left out on purpose: every user of the host can read every argv.
  return name.startsWith('answer.') ? answerOf(values.answers, name.slice('answer.'.length)) : undefined;
}

function answerOf(answers: Record<string, string>, id: string): string {
  if (!Object.hasOwn(answers, id)) throw new Error(`The answer ${id} is missing`);
  return answers[id] as string;
}
