import type { DatabaseUser, Sight } from '../host.ts';
import type { Manifest } from '../manifest.ts';

/** The account's databases and users as the server has them. */
export interface DatabaseFound {
  databases: string[];
  users: Record<string, DatabaseUser>;
}

/** Reads every database and user whose name begins with the account's. */
export async function inspect(sight: Sight, manifest: Manifest): Promise<DatabaseFound> {
  const prefix = `${manifest.account.name}_`;
  return { databases: await sight.databases(prefix), users: await sight.databaseUsers(prefix) };
}
