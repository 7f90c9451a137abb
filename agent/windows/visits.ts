import { open } from 'node:fs/promises';

const MAX_READ = 1024 * 1024;

/** What the access log tells of a moment: how long answers took (ms), and bytes sent. */
export interface Visits {
  latencies: number[];
  bytes: number;
}

/** Where reading of one access log stands. */
export interface Bookmark {
  inode: number;
  offset: number;
  /** Whether the first reading skips what is there already. */
  fromEnd: boolean;
}

/** Reads what has been added to an access log since the bookmark, at most 1 MiB, and moves the bookmark. Missing log: nothing. */
export async function newVisits(path: string, mark: Bookmark): Promise<Visits> {
  const visits: Visits = { latencies: [], bytes: 0 };
  const file = await open(path, 'r').catch(() => null);
  if (!file) return visits;
  try {
    const { ino, size } = await file.stat();
    if (ino !== mark.inode || size < mark.offset) {
      // What was written before the bookmark was first laid has been counted before; a rotated log begins anew.
      mark.offset = mark.inode === 0 && mark.fromEnd ? size : 0;
      mark.inode = ino;
    }
    const part = Buffer.alloc(Math.min(MAX_READ, size - mark.offset));
    const { bytesRead } = await file.read(part, 0, part.length, mark.offset);
    const end = part.subarray(0, bytesRead).lastIndexOf(10) + 1;
    mark.offset += end;
    for (const line of part.subarray(0, end).toString('utf8').split('\n')) {
      // … "GET / HTTP/1.1" 200 5120 0.031 "referer" "agent"
      const found = /" \d{3} (\d+) ([\d.]+) "/.exec(line);
      if (!found) continue;
      visits.bytes += Number(found[1]);
      visits.latencies.push(Number(found[2]) * 1000);
    }
    return visits;
  } finally {
    await file.close();
  }
}
