import { Duplex } from 'node:stream';

const HEAD_BYTES = 16 * 1024;
const BODY_BYTES = 256 * 1024;
const BLANK = '\r\n\r\n';

/** What to do with the bytes of a connection: wait for more, hand them on as they are, or hand on these instead and nothing after. */
export type Verdict = { do: 'wait' } | { do: 'pass' } | { do: 'repair'; request: Buffer } | { do: 'refuse' };

/**
 * Looks at the first bytes of a connection. cPanel's own PHP class `xmlapi` writes its body into a header, so that curl sends both
 * Transfer-Encoding and Content-Length, the body after the blank line, and the rest of its headers after that. Only this very shape,
 * with the three headers last and in their order, is taken: by its Content-Length, without the other, and alone on its connection.
 */
export function judge(bytes: Buffer): Verdict {
  const end = bytes.indexOf(BLANK);
  if (end < 0) return bytes.length > HEAD_BYTES ? { do: 'pass' } : { do: 'wait' };
  const lines = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const names = lines.slice(1).map(line => line.slice(0, line.indexOf(':')).toLowerCase());
  const chunked = names.filter(name => name === 'transfer-encoding').length;
  const lengths = names.filter(name => name === 'content-length').length;
  if (chunked !== 1 || lengths !== 1) return { do: 'pass' };
  if (names.slice(-3).join(' ') !== 'authorization content-type content-length') return { do: 'pass' };
  const length = Number(/^content-length:\s*(\d{1,6})$/i.exec(lines.at(-1)!)?.[1] ?? Number.NaN);
  if (!(length >= 0 && length <= BODY_BYTES) || !/^POST \/[^ ]* HTTP\/1\.1$/.test(lines[0]!)) return { do: 'refuse' };
  const from = end + BLANK.length;
  if (bytes.length < from + length) return { do: 'wait' };
  const kept = lines.filter((_, at) => at === 0 || names[at - 1] !== 'transfer-encoding');
  const head = `${[...kept, 'Connection: close'].join('\r\n')}${BLANK}`;
  return { do: 'repair', request: Buffer.concat([Buffer.from(head, 'latin1'), bytes.subarray(from, from + length)]) };
}

/** A connection of which an HTTP server sees only the repaired request, whatever else the peer sends. */
export class Repaired extends Duplex {
  private readonly peer: Duplex;

  constructor(peer: Duplex, request: Buffer) {
    super();
    this.peer = peer;
    this.push(request);
    // What follows is the stray rest of the headers, or somebody's second request: nobody reads it.
    peer
      .on('data', () => {})
      .on('end', () => this.push(null))
      .on('close', () => this.destroy());
    peer.on('error', () => this.destroy());
  }

  override _read(): void {}

  override _write(piece: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.peer.write(piece, encoding, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.peer.end(done);
  }

  get remoteAddress(): string | undefined {
    return (this.peer as { remoteAddress?: string }).remoteAddress;
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }
}
