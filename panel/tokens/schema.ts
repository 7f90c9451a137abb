import { z } from 'zod';
import { SCOPES } from '../people/actor.ts';
import { addressRange } from './addresses.ts';

/** What a new token may say. Without scopes it may do all that its maker may. */
export const newToken = z.strictObject({
  name: z.string().min(1, 'give it a name that tells what it is for').max(100),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length).optional(),
  expiresInDays: z.int().min(1).max(3650).optional(),
  /** Where it may be used from; empty is anywhere. */
  addresses: z.array(addressRange).max(50).default([]),
  /** On the WHM-compatible port: tell failures by a status of 422 too, for clients that look at nothing else. */
  failByStatus: z.boolean().default(false),
});
export type NewToken = z.input<typeof newToken>;

/** A token as it is answered. */
export const tokenAnswer = z.object({
  id: z.int(),
  name: z.string(),
  owner: z.string(),
  scopes: z.array(z.string()),
  createdAt: z.date(),
  usedAt: z.date().nullable(),
  expiresAt: z.date().nullable(),
  addresses: z.array(z.string()),
  failByStatus: z.boolean(),
});

/** A new token's answer: the token itself, only this once. */
export const addedToken = z.object({
  id: z.int(),
  name: z.string(),
  scopes: z.array(z.string()),
  expiresAt: z.date().nullable(),
  token: z.string(),
});
