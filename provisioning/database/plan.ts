import { Refused } from '../errors.ts';
import type { Manifest } from '../manifest.ts';
import { Secret } from '../names.ts';
import type { SqlStatement, Step } from '../steps.ts';
import type { DatabaseFound } from './inspect.ts';
import { nativeHash } from './password.ts';
import type { DatabaseSpec } from './spec.ts';

const step = (why: string, statement: SqlStatement): Step => ({ do: 'sql', statement, why, resource: 'database' });

function signIn(spec: DatabaseSpec, found: DatabaseFound): Step[] {
  const { name, maxConnections } = spec;
  const user = found.users[name];
  const set = { sql: 'create-user', user: name, password: new Secret(spec.password), maxConnections } as const;
  if (!user) return [step(`Create the database user ${name}`, set)];
  const changes = user.hash !== nativeHash(spec.password) || user.maxConnections !== maxConnections;
  const steps: Step[] = [];
  if (changes) {
    // Locked while it changes: the lock is the trace by which a broken-off change is taken up again, sessions and all.
    if (!user.locked) steps.push(step(`Lock the database user ${name} for the change`, { sql: 'lock-user', user: name }));
    if (user.sessions) steps.push(step(`Close the old sessions of ${name}`, { sql: 'kill-sessions', user: name }));
    steps.push(step(`Change the password of the database user ${name}`, set));
  }
  if (changes || user.locked) steps.push(step(`Unlock the database user ${name}`, { sql: 'unlock-user', user: name }));
  return steps;
}

function present(spec: DatabaseSpec, found: DatabaseFound): Step[] {
  const { name } = spec;
  const steps: Step[] = [];
  if (!found.databases.includes(name)) steps.push(step(`Create the database ${name}`, { sql: 'create-database', name }));
  steps.push(...signIn(spec, found));
  if (!found.users[name]?.grants.includes(name)) {
    steps.push(step(`Let ${name} use its database and no other`, { sql: 'grant', user: name, database: name }));
  }
  return steps;
}

function suspended(spec: DatabaseSpec, found: DatabaseFound): Step[] {
  const user = found.users[spec.name];
  const steps: Step[] = [];
  if (user && !user.locked) steps.push(step(`Lock the database user ${spec.name}`, { sql: 'lock-user', user: spec.name }));
  // Locking leaves live sessions writing, so they are ended and counted.
  if (user?.sessions) steps.push(step(`Close the sessions of ${spec.name}`, { sql: 'kill-sessions', user: spec.name }));
  return steps;
}

/** The steps that leave nothing of one database. */
export function drop(name: string, found: DatabaseFound): Step[] {
  const steps: Step[] = [];
  if (found.users[name]) {
    steps.push(step(`Lock the database user ${name}`, { sql: 'lock-user', user: name }));
    steps.push(step(`Close the sessions of ${name}`, { sql: 'kill-sessions', user: name }));
    steps.push(step(`Delete the database user ${name}`, { sql: 'drop-user', user: name }));
  }
  if (found.databases.includes(name)) steps.push(step(`Delete the database ${name}`, { sql: 'drop-database', name }));
  return steps;
}

/** What must happen for the account's databases to be as the manifest says. Pure. Throws Refused when data would be lost unasked. */
export function plan(manifest: Manifest, found: DatabaseFound): Step[] {
  const wanted = new Set(manifest.databases.map(spec => spec.name));
  const gone = new Set(manifest.gone.databases);
  const left = [...new Set([...found.databases, ...Object.keys(found.users)])].filter(name => !wanted.has(name));
  const unasked = left.filter(name => !gone.has(name));
  if (unasked.length) {
    throw new Refused(
      'database-left-out',
      `The manifest does not mention the database ${unasked.join(', ')}.`,
      'Name it under "gone" to delete it; leaving it out never deletes data.',
    );
  }
  const each = manifest.account.state === 'suspended' ? suspended : present;
  return [...manifest.databases.flatMap(spec => each(spec, found)), ...left.flatMap(name => drop(name, found))];
}
