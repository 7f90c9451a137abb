import { createInterface } from 'node:readline';
import type { Ctx } from '../middleware/route.ts';
import { openEvents } from '../middleware/stream.ts';
import type { Actor } from '../people/actor.ts';
import { logLines, logOf } from './actions.ts';
import { type Line, type LogFilter, passes, reader, type Stream } from './lines.ts';

/** A log as its page shows it: lines, or why there are none. */
export interface LogView {
  lines: Line[];
  problem: string;
  empty: string;
}

function streamsOf(filter: LogFilter): Stream[] {
  return filter.stream === 'all' ? ['app', 'access'] : [filter.stream];
}

/** What the address bar says of a log: stream, level and search. */
export function filterOf(query: Record<string, unknown>): LogFilter {
  const stream = ['app', 'access', 'build'].find(name => name === query.stream) as Stream | undefined;
  const level = query.level === 'error' || query.level === 'berth' ? query.level : '';
  return { stream: stream ?? 'all', level, q: typeof query.q === 'string' ? query.q.slice(0, 200) : '' };
}

/** The newest lines of an app's log, of several streams in the order of their times. */
export async function recentLines(actor: Actor, account: string, app: string, filter: LogFilter, count = 200): Promise<LogView> {
  const empty = filter.q || filter.level ? 'No line matches. Clear the search to see all of them.' : '';
  const asked = filter.q || filter.level ? 2000 : count;
  try {
    const parts = await Promise.all(
      streamsOf(filter).map(async stream => {
        const texts = await logLines(actor, account, app, stream, asked);
        return texts.map(reader(stream));
      }),
    );
    const lines = parts.flat().filter(line => line !== null && passes(line, filter)) as Line[];
    lines.sort((a, b) => (a.iso < b.iso ? -1 : a.iso > b.iso ? 1 : 0));
    return { lines: lines.slice(-count), problem: '', empty };
  } catch {
    return { lines: [], problem: 'The host does not answer, so its log cannot be read now. Your site may still be up.', empty };
  }
}

/** What the browser has already: its last line's time, in ms since the epoch. */
function sinceOf(ctx: Ctx): number {
  const said = Number(ctx.get('Last-Event-ID')) || Date.parse(String(ctx.query.since ?? ''));
  return Number.isFinite(said) ? said : 0;
}

/** Follows an app's log for an open page: what came since the page was drawn, then each line as it is written. */
export function followLines(ctx: Ctx, actor: Actor, account: string, app: string, filter: LogFilter): void {
  const since = sinceOf(ctx);
  const events = openEvents(ctx);
  const follow = async (stream: Stream) => {
    const response = await logOf(actor, account, app, { stream, lines: since ? 200 : 50, follow: true }, events.gone);
    const read = reader(stream);
    for await (const text of createInterface({ input: response })) {
      const line = text.startsWith('data:') ? read(text.slice(5).replace(/^ /, '')) : null;
      const at = line ? Date.parse(line.iso) : 0;
      if (line && at > since && passes(line, filter)) events.send('line', line, at);
    }
  };
  // When one of them breaks off, the browser asks again by itself, from the last line it has.
  Promise.race(streamsOf(filter).map(follow))
    .catch(() => undefined)
    .finally(() => events.end());
}
