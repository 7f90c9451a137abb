import { z } from 'zod';
import { appName, databaseName, domainName, envName, envValue } from '../names.ts';

/** What one app must know about itself; written to the account's configuration file and its environment. */
export const configSpec = z.strictObject({
  app: appName,
  url: z.url(),
  hosts: z.array(domainName).min(1).max(200),
  secretKey: z.string().min(32).max(128),
  database: databaseName.nullable(),
  env: z.record(envName, envValue),
});
export type ConfigSpec = z.infer<typeof configSpec>;
