import { z } from 'zod';
import { databaseName } from '../names.ts';

/** One MySQL database with its one user of the same name. The password is chosen by the panel. */
export const databaseSpec = z.strictObject({
  name: databaseName,
  password: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/, 'a database password is 16 to 64 letters, digits, _ or -'),
  maxConnections: z.int().min(1).max(10_000).default(30),
});
export type DatabaseSpec = z.infer<typeof databaseSpec>;
