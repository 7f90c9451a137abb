import { z } from 'zod';
import { Refused } from '../../provisioning/errors.ts';
import { jobMention } from '../accounts/schema.ts';
import { mention } from '../jobs/answers.ts';
import type { Job } from '../jobs/queries.ts';
import { pageOf } from '../middleware/paging.ts';
import { api, type Route } from '../middleware/route.ts';
import type { Actor } from '../people/actor.ts';
import { addDatabase, databaseOf, databasesOf, deleteDatabase, rotateDatabase } from './actions.ts';
import type { Database } from './queries.ts';
import * as schema from './schema.ts';

const PATH = '/api/v1/accounts/:username/databases';
const ONE = `${PATH}/:name`;
const reveal = z.strictObject({ reveal: z.enum(['0', '1']).default('0') });

function out(database: Database, job: Job | null, shown: boolean): z.infer<typeof schema.databaseAnswer> {
  const { name, state, apps, password, createdAt } = database;
  return { name, user: name, engine: 'mysql', state, apps, password: shown ? password : null, createdAt, job: job && mention(job) };
}

function mayReveal(actor: Actor, asked: '0' | '1'): boolean {
  if (asked === '1' && !actor.scopes.has('secrets:read')) {
    throw new Refused(
      'not-allowed',
      'Showing passwords needs secrets:read, which you do not have.',
      'Use a token with secrets:read, or leave reveal out.',
      { status: 403 },
    );
  }
  return asked === '1';
}

/** Databases over REST. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: PATH,
    policy: { scope: 'databases:read' },
    summary: 'Lists the databases of an account',
    query: reveal,
    answer: pageOf(schema.databaseAnswer),
    async run({ actor, params, query }) {
      const shown = mayReveal(actor, query.reveal);
      return { items: (await databasesOf(actor, params.username!)).map(database => out(database, null, shown)), next: null };
    },
  }),
  api({
    method: 'POST',
    path: PATH,
    policy: { scope: 'databases:write' },
    summary: 'Adds a database and its user',
    body: schema.newDatabase,
    answer: schema.databaseAnswer,
    status: 201,
    async run({ actor, params, body }) {
      const { database, job } = await addDatabase(actor, params.username!, body.name);
      return out(database, job, actor.scopes.has('secrets:read'));
    },
  }),
  api({
    method: 'GET',
    path: ONE,
    policy: { scope: 'databases:read' },
    summary: 'Shows a database',
    query: reveal,
    answer: schema.databaseAnswer,
    async run({ actor, params, query }) {
      const shown = mayReveal(actor, query.reveal);
      return out(await databaseOf(actor, params.username!, params.name!), null, shown);
    },
  }),
  api({
    method: 'DELETE',
    path: ONE,
    policy: { scope: 'databases:write' },
    summary: 'Deletes a database that no app uses',
    body: schema.databaseDeletion,
    answer: z.object({ job: jobMention }),
    status: 202,
    run: async ({ actor, params, body }) => ({ job: mention(await deleteDatabase(actor, params.username!, params.name!, body.confirm)) }),
  }),
  api({
    method: 'POST',
    path: `${ONE}/rotate-password`,
    policy: { scope: 'databases:write' },
    summary: 'Gives a database a new password and tells every app that uses it',
    answer: z.object({ job: jobMention }),
    status: 202,
    run: async ({ actor, params }) => ({ job: mention(await rotateDatabase(actor, params.username!, params.name!)) }),
  }),
];
