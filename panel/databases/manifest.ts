import type { DatabaseSpec } from '../../provisioning/database/spec.ts';
import type { Database } from './queries.ts';

/** What a database should be on its host. */
export function databaseSpecOf(database: Database): DatabaseSpec {
  return { name: database.name, password: database.password, maxConnections: 30 };
}
