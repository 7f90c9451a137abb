import { z } from 'zod';
import { appName, domainName, envName, envValue } from '../../provisioning/names.ts';
import { jobMention, lowerDomain } from '../accounts/schema.ts';

const recipeSource = z.strictObject({
  type: z.literal('recipe'),
  recipe: z.string().regex(/^[a-z0-9-]{2,32}$/, 'use the id of a recipe, see GET /catalog'),
  answers: z.record(z.string().max(64), z.string().max(2000)).default({}),
});

/** Where an app's code comes from. Only recipes can be used yet; the others are known so that the refusal can say so. */
export const sourceInput = z.discriminatedUnion('type', [
  recipeSource,
  z.strictObject({ type: z.literal('git'), url: z.string().max(2000).optional(), branch: z.string().max(200).optional() }),
  z.strictObject({ type: z.literal('files'), root: z.string().max(1000).optional() }),
  z.strictObject({ type: z.literal('archive') }),
]);

/** How an app's processes are kept. */
export const appMode = z.enum(['on-demand', 'always-on', 'per-request']);

/** Whether an app's processes may be forked from an interpreter that other accounts' apps are forked from, too. */
export const appIsolation = z.enum(['shared', 'strict']);

/** Environment variables: a value of null keeps the one there is. */
export const envInput = z.record(envName, envValue.nullable()).refine(env => Object.keys(env).length <= 200, 'use at most 200 variables');

/** Who owns a freshly installed app; what is left out is taken from the account, and the password made up. */
export const ownerInput = z.strictObject({
  user: z
    .string()
    .regex(/^[a-z][a-z0-9]{2,29}$/, 'use 3 to 30 lower-case letters and digits, a letter first')
    .optional(),
  email: z.email().max(254).optional(),
  password: z.string().min(12, 'use at least 12 characters').max(128, 'use at most 128 characters').optional(),
});

/** What a new app may say. */
export const newApp = z.strictObject({
  name: appName,
  source: sourceInput,
  domain: z.preprocess(lowerDomain, domainName).optional(),
  path: z.literal('/', 'an app is served at the root of its address, leave this out').optional(),
  runtime: z.literal('python', 'only python can be used yet').optional(),
  mode: appMode.default('on-demand'),
  env: z.record(envName, envValue).default({}),
  database: z.boolean().optional(),
  owner: ownerInput.optional(),
});
export type NewApp = z.infer<typeof newApp>;
export type NewAppInput = z.input<typeof newApp>;

/** What may be changed of an app. */
export const appChange = z.strictObject({
  mode: appMode.optional(),
  workers: z.int().min(1).max(64).optional(),
  threads: z.int().min(1).max(64).optional(),
  maxRequests: z.int().min(0).max(1_000_000_000).optional(),
  isolation: appIsolation.optional(),
});
export type AppChange = z.infer<typeof appChange>;

/** Deleting says the name again; the database goes only when asked for. */
export const appDeletion = z.strictObject({ confirm: z.string().max(64).optional(), database: z.boolean().default(false) });

/** The states of an app, as they are answered. */
export const appState = z.enum(['building', 'running', 'asleep', 'stopped', 'failed', 'suspended']);

/** A slot as it is answered. */
export const slotAnswer = z.object({
  name: z.string(),
  process: z.string(),
  role: z.enum(['web', 'worker', 'scheduled']),
  state: z.string(),
  reason: z.string().nullable(),
  since: z.date().nullable(),
  processes: z.int(),
  memoryBytes: z.int(),
  lastWakeMs: z.number().nullable(),
  workers: z.array(z.object({ pid: z.int(), generation: z.int(), since: z.date(), requests: z.int() })),
  nextRun: z.date().nullable(),
});

/** An app as it is answered. */
export const appAnswer = z.object({
  name: z.string(),
  account: z.string(),
  state: appState,
  reason: z.string(),
  deleting: z.boolean(),
  url: z.url(),
  domains: z.array(z.string()),
  runtime: z.literal('python'),
  mode: appMode,
  workers: z.int(),
  threads: z.int(),
  maxRequests: z.int(),
  isolation: appIsolation,
  release: z.int(),
  source: z.object({ type: z.literal('recipe'), recipe: z.string(), answers: z.record(z.string(), z.string()) }),
  database: z.string().nullable(),
  owner: z.object({ user: z.string(), email: z.string(), loginUrl: z.string() }).nullable(),
  slots: z.array(slotAnswer),
  createdAt: z.date(),
  builtAt: z.date().nullable(),
  job: jobMention.nullable(),
});

/** A new app's answer: with the owner's password, only this once. */
export const addedApp = appAnswer.extend({
  owner: z.object({ user: z.string(), email: z.string(), loginUrl: z.string(), password: z.string().optional() }).nullable(),
});
