import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** An HTTP answer, read to the end. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Sends raw bytes to a unix socket and returns everything that comes back. */
export function raw(path: string, data: string | Buffer, half = false): Promise<Buffer> {
  return new Promise((done, fail) => {
    const pieces: Buffer[] = [];
    const line = connect(path);
    line.setTimeout(60_000, () => line.destroy(new Error('no answer in 60 s')));
    line.on('connect', () => (half ? line.end(data) : line.write(data)));
    line.on('data', piece => pieces.push(piece));
    line.on('error', fail);
    line.on('close', bad => bad || done(Buffer.concat(pieces)));
  });
}

/** Reads an HTTP answer that ended with the connection. */
export function parse(data: Buffer): Answer {
  const text = data.toString('latin1');
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(lines.map(line => [line.split(': ')[0]?.toLowerCase() ?? '', line.split(': ').slice(1).join(': ')]));
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: rest.join('\r\n\r\n') };
}

/** Processes whose command line has this word, as (pid, command line). */
export function processes(word: string): { pid: number; line: string; parent: number }[] {
  const found = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const parent = Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
      if (line.includes(word)) found.push({ pid: Number(name), line, parent });
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}
