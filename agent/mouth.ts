import { PassThrough } from 'node:stream';
import type Koa from 'koa';
import { Refused } from '../provisioning/errors.ts';
import type { ApplyEvent } from '../provisioning/manifest.ts';

/** What is being done: all that has been told of it so far, for whoever listens now or later. */
export interface Told {
  events: ApplyEvent[];
  listeners: Set<(event: ApplyEvent) => void>;
}

const MAX_BODY = 8 * 1024 * 1024;

/** The body of a request as JSON. Throws Refused when it is too long or not JSON. */
export async function json(ctx: Koa.Context): Promise<unknown> {
  let text = '';
  for await (const chunk of ctx.req) {
    text += chunk;
    if (text.length > MAX_BODY)
      throw new Refused('body-too-long', 'The manifest is longer than 8 MiB.', 'Split the account.', { status: 413 });
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused('body-not-json', 'The body is not JSON.', 'Send a manifest as JSON.', { status: 400 });
  }
}

/** Tells the events of a work as they come, from the first on; the work goes on when the listener leaves. */
export function stream(ctx: Koa.Context, work: Told): void {
  const out = new PassThrough();
  const tell = (event: ApplyEvent) => {
    out.write(`${JSON.stringify(event)}\n`);
    if (event.type === 'end') out.end();
  };
  for (const event of work.events) tell(event);
  work.listeners.add(tell);
  out.on('close', () => work.listeners.delete(tell));
  ctx.type = 'application/x-ndjson';
  ctx.body = out;
}
