import { setTimeout as sleep } from 'node:timers/promises';
import type { Ctx } from '../middleware/route.ts';
import { type EventStream, openEvents } from '../middleware/stream.ts';
import type { Actor } from '../people/actor.ts';
import { outputAfter } from '../steps/queries.ts';
import { jobOf } from './actions.ts';
import { stepOut } from './answers.ts';

const LOOK_MS = 300;

/** Sends what a job does while it does it; ends with the job. A browser that comes back gets only the output it has not had. */
export async function followJob(ctx: Ctx, actor: Actor, id: number): Promise<void> {
  await jobOf(actor, id);
  const from = Number(ctx.get('Last-Event-ID'));
  const stream = openEvents(ctx);
  follow(stream, actor, id, Number.isSafeInteger(from) && from > 0 ? from : 0)
    .catch(error => !stream.gone.aborted && console.error(`events of job ${id}:`, (error as Error).message))
    .finally(() => stream.end());
}

async function follow(stream: EventStream, actor: Actor, id: number, from: number): Promise<void> {
  const told = new Map<string, string>();
  let last = from;
  const tell = (key: string, event: string, data: unknown) => {
    const text = JSON.stringify(data);
    if (told.get(key) === text) return;
    told.set(key, text);
    stream.send(event, data);
  };
  while (!stream.gone.aborted) {
    // The job is read before its output: whatever it printed before it ended is then there.
    const job = await jobOf(actor, id);
    for (const step of job.steps) tell(step.id, 'step', stepOut(step));
    for (let more = true; more; ) {
      const rows = await outputAfter(id, last);
      for (const { row, id: step, text } of rows) stream.send('output', { id: step, text }, row);
      last = rows.at(-1)?.row ?? last;
      more = rows.length === 200;
    }
    const { state, message, error, help } = job;
    tell('', 'job', { state, message, ...(error ? { error } : {}), ...(help ? { help } : {}) });
    if (state === 'done' || state === 'failed') return;
    await sleep(LOOK_MS, undefined, { signal: stream.gone });
  }
}
