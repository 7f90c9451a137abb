import { z } from 'zod';
import { appName } from '../names.ts';

/** Who owns a freshly installed app. The password is present only until the app has been built once. */
export const ownerSpec = z.strictObject({
  user: z.string().regex(/^[a-z][a-z0-9]{2,29}$/, 'use 3 to 30 lower-case letters and digits, a letter first'),
  email: z.email(),
  password: z.string().min(12).max(128).optional(),
});
export type OwnerSpec = z.infer<typeof ownerSpec>;

/** The code of one app and what it needs to run: one release, built aside and switched to in one rename. */
export const runtimeSpec = z.strictObject({
  app: appName,
  release: z.int().min(1),
  source: z.strictObject({
    type: z.literal('recipe'),
    recipe: z.string().regex(/^[a-z0-9-]{2,32}$/),
    answers: z.record(z.string().max(64), z.string().max(2000)),
  }),
  owner: ownerSpec.nullable(),
});
export type RuntimeSpec = z.infer<typeof runtimeSpec>;
