import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Whether a process's writable memory holds a text. */
export async function holds(pid: number, text: string): Promise<boolean> {
  const wanted = Buffer.from(text);
  const memory = await open(`/proc/${pid}/mem`, 'r').catch(() => null);
  if (!memory) return false; // it ended while we looked
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const match = /^([0-9a-f]+)-([0-9a-f]+) r/.exec(line);
      if (!match || line.includes('[v')) continue;
      const size = Number.parseInt(match[2] ?? '', 16) - Number.parseInt(match[1] ?? '', 16);
      const { bytesRead, buffer } = await memory
        .read(Buffer.alloc(size), 0, size, Number.parseInt(match[1] ?? '', 16))
        .catch(() => ({ bytesRead: 0, buffer: Buffer.alloc(0) }));
      if (buffer.subarray(0, bytesRead).includes(wanted)) return true;
    }
    return false;
  } finally {
    await memory.close();
  }
}
