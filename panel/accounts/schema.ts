import { z } from 'zod';
import { accountName, domainName } from '../../provisioning/names.ts';
import { pageQuery } from '../middleware/paging.ts';
import { planName } from '../plans/schema.ts';

/** The states of an account, as they are answered. */
export const accountState = z.enum(['building', 'active', 'suspended', 'failed', 'terminating', 'terminated']);

const password = z.string().min(8, 'use at least 8 characters').max(200, 'use at most 200 characters');

/** What a new account may say. */
export const newAccount = z.strictObject({
  username: accountName,
  email: z.email().max(254),
  plan: planName,
  domain: z.preprocess(lowerDomain, domainName).optional(),
  password: password.optional(),
  host: z.string().max(63).optional(),
  externalId: z.string().min(1).max(190).optional(),
});
export type NewAccount = z.infer<typeof newAccount>;

/** People write domains in capitals, with a dot at the end or in their own script; names compare them in one form. */
export function lowerDomain(value: unknown): unknown {
  if (typeof value !== 'string' || value.length > 300) return value;
  const text = value.trim().replace(/\.$/, '');
  // Only a bare name is turned into its ASCII form: an address with a port, a path or a number stays as it is and is refused.
  if (!/^[^\s/:@?#[\]\\%*]+$/.test(text) || !URL.canParse(`http://${text}`)) return text.toLowerCase();
  return new URL(`http://${text}`).hostname;
}

/** What may be changed of an account. */
export const accountChange = z.strictObject({
  username: accountName.optional(),
  plan: planName.optional(),
  email: z.email().max(254).optional(),
  password: password.optional(),
});
export type AccountChange = z.infer<typeof accountChange>;

/** What a list of accounts may be narrowed to. */
export const accountsQuery = pageQuery.extend({
  state: accountState.optional(),
  plan: planName.optional(),
  host: z.string().max(63).optional(),
  externalId: z.string().max(190).optional(),
  search: z.string().max(100).optional(),
});
export type AccountsQuery = z.input<typeof accountsQuery>;

/** Why an account is suspended; its customer reads it. */
export const suspension = z.strictObject({ reason: z.string().max(500, 'use at most 500 characters').default('') });

/** Deleting says the name again, or asks what would go. */
export const deletion = z.strictObject({ confirm: z.string().max(64).optional(), dryRun: z.boolean().default(false) });

/** A job as other answers mention it: its id, to follow at /jobs/{id}. */
export const jobMention = z.string();

/** An account as it is answered. */
export const accountAnswer = z.object({
  username: z.string(),
  email: z.string(),
  state: accountState,
  reason: z.string(),
  plan: z.string().nullable(),
  host: z.string(),
  domain: z.string().nullable(),
  uid: z.int(),
  externalId: z.string().nullable(),
  apps: z.int(),
  databases: z.int(),
  createdAt: z.date(),
  terminatedAt: z.date().nullable(),
  job: jobMention.nullable(),
});

/** A new account's answer: the password only when Berth made it up, and only this once. */
export const openedAccount = accountAnswer.extend({ password: z.string().optional() });
