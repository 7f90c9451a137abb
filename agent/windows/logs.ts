import { open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const CHUNK = 64 * 1024;
const LOOK_MS = 250;
/** What is held in memory of a log at most while its end is sought. */
const MAX_TAIL = 4 * 1024 * 1024;

/** The last `lines` lines of a log (none when there is no log) and the byte after the last whole one. */
export async function tail(path: string, lines: number): Promise<{ lines: string[]; end: number; inode: number }> {
  const file = await open(path, 'r').catch(() => null);
  if (!file) return { lines: [], end: 0, inode: 0 };
  try {
    const { size, ino } = await file.stat();
    let start = size;
    let text = Buffer.alloc(0);
    while (start > 0 && size - start < MAX_TAIL && count(text) <= lines) {
      const from = Math.max(0, start - CHUNK);
      const part = Buffer.alloc(start - from);
      await file.read(part, 0, part.length, from);
      text = Buffer.concat([part, text]);
      start = from;
    }
    const whole = text.subarray(0, text.lastIndexOf(10) + 1);
    const found = whole.toString('utf8').split('\n').slice(0, -1);
    const end = size - (text.length - whole.length);
    return { lines: found.slice(start > 0 ? 1 : 0).slice(-lines), end, inode: ino };
  } finally {
    await file.close();
  }
}

function count(text: Buffer): number {
  let found = 0;
  for (const byte of text) if (byte === 10) found++;
  return found;
}

/** The lines of a log as they are written after byte `end`, until the signal; a log that is rotated is followed into its successor. */
export async function* follow(path: string, end: number, inode: number, signal: AbortSignal): AsyncGenerator<string> {
  let rest = '';
  let at = end;
  let known = inode;
  while (!signal.aborted) {
    const file = await open(path, 'r').catch(() => null);
    if (file) {
      try {
        const { size, ino } = await file.stat();
        if (ino !== known || size < at) {
          at = 0;
          rest = '';
          known = ino;
        }
        while (at < size) {
          const part = Buffer.alloc(Math.min(CHUNK, size - at));
          const { bytesRead } = await file.read(part, 0, part.length, at);
          if (!bytesRead) break;
          at += bytesRead;
          const lines = (rest + part.subarray(0, bytesRead).toString('utf8')).split('\n');
          rest = lines.pop() ?? '';
          yield* lines;
        }
      } finally {
        await file.close();
      }
    }
    await pause(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}
