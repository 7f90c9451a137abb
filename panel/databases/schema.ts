import { z } from 'zod';
import { jobMention } from '../accounts/schema.ts';

/** A new database: the part of its name after the account's. */
export const newDatabase = z.strictObject({
  name: z.string().regex(/^([a-z][a-z0-9]{2,15}_)?[a-z0-9]{1,15}$/, 'use 1 to 15 lower-case letters and digits'),
});

/** Deleting says the name again. */
export const databaseDeletion = z.strictObject({ confirm: z.string().max(64).optional() });

/** A database as it is answered. */
export const databaseAnswer = z.object({
  name: z.string(),
  user: z.string(),
  engine: z.literal('mysql'),
  state: z.enum(['building', 'ready', 'deleting']),
  apps: z.array(z.string()),
  /** Only with the scope secrets:read and ?reveal=1. */
  password: z.string().nullable(),
  createdAt: z.date(),
  job: jobMention.nullable(),
});
