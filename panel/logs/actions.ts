import type { IncomingMessage } from 'node:http';
import { accountOf } from '../accounts/actions.ts';
import { appOf } from '../apps/queries.ts';
import * as client from '../hosts/client.ts';
import { hostById } from '../hosts/queries.ts';
import { notFound } from '../middleware/errors.ts';
import type { Actor } from '../people/actor.ts';

/** Which log, and how much of it. */
export interface LogQuestion {
  stream: 'app' | 'access' | 'build';
  lines: number;
  follow: boolean;
}

/** An app's log as its host sends it: text lines, or server-sent events that go on. Abort the signal when nobody reads. */
export async function logOf(
  actor: Actor,
  username: string,
  name: string,
  question: LogQuestion,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const account = await accountOf(actor, username);
  const app = await appOf(actor, account.id, name);
  const host = app && (await hostById(account.hostId));
  if (!app || !host) throw notFound('app');
  return client.logs(host, { account: account.unixName, app: name, ...question }, signal);
}

/** The last lines of an app's log, for a page that works without scripts. */
export async function logLines(
  actor: Actor,
  username: string,
  name: string,
  stream: LogQuestion['stream'],
  lines = 200,
): Promise<string[]> {
  const parts: Buffer[] = [];
  for await (const part of await logOf(actor, username, name, { stream, lines, follow: false })) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8').split('\n').filter(Boolean);
}
