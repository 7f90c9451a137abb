import { PassThrough } from 'node:stream';
import type { Ctx } from './route.ts';

/** An answer that goes on: server-sent events until somebody ends it. */
export interface EventStream {
  /** Aborted when the reader has gone. */
  gone: AbortSignal;
  send(event: string, data: unknown, id?: number): void;
  end(): void;
}

const BEAT_MS = 15_000;
/** A stream ends after a while; browsers come back by themselves, and are then asked again who they are. */
const LIFE_MS = 1_800_000;

/** Turns the answer into server-sent events. */
export function openEvents(ctx: Ctx): EventStream {
  const body = new PassThrough();
  const gone = new AbortController();
  eventHeaders(ctx);
  ctx.body = body;
  body.write('retry: 2000\n\n');
  const beat = setInterval(() => body.write(': still here\n\n'), BEAT_MS);
  const end = () => {
    clearInterval(beat);
    clearTimeout(life);
    if (!body.writableEnded) body.end();
    gone.abort();
  };
  const life = setTimeout(end, LIFE_MS);
  ctx.res.once('close', end);
  return {
    gone: gone.signal,
    send(event, data, id) {
      if (body.writableEnded || body.destroyed) return;
      body.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    end,
  };
}

/** The headers of server-sent events, which no proxy may keep back. */
export function eventHeaders(ctx: Ctx): void {
  ctx.status = 200;
  ctx.type = 'text/event-stream';
  ctx.set({ 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
  ctx.req.socket.setNoDelay(true);
}
