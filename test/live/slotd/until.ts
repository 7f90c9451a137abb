import { setTimeout as pause } from 'node:timers/promises';

/** Waits until something is so. */
export async function eventually(wanted: () => Promise<boolean>, seconds = 15): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(50)) if (await wanted()) return;
  throw new Error(`it was not so within ${seconds} s`);
}
