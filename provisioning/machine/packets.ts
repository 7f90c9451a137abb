import { connect } from 'node:net';
import type { Way } from '../layout.ts';

/** An app's answer. */
export interface PacketAnswer {
  status: number;
  body: string;
}

type Variables = [string, string][];

const MAX_ANSWER = 2 * 1024 * 1024;
const REQUEST = 1;
const KIND = { begin: 1, params: 4, stdin: 5, stdout: 6 };

function record(kind: number, content: Buffer): Buffer {
  const head = Buffer.from([1, kind, 0, REQUEST, content.length >> 8, content.length & 255, 0, 0]);
  return Buffer.concat([head, content]);
}

const longLength = (size: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE((size | 0x80000000) >>> 0);
  return bytes;
};
const shortLength = (size: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(size);
  return bytes;
};

/** A request without a body, in the bytes of one protocol. Pure. */
export function packets(way: Exclude<Way, 'http' | 'cgi'>, variables: Variables): Buffer {
  const pairs = variables.map(pair => pair.map(text => Buffer.from(text)) as [Buffer, Buffer]);
  if (way === 'scgi') {
    const text = Buffer.concat(pairs.flatMap(([name, value]) => [name, Buffer.of(0), value, Buffer.of(0)]));
    return Buffer.concat([Buffer.from(`${text.length}:`), text, Buffer.from(',')]);
  }
  if (way === 'uwsgi') {
    const text = Buffer.concat(pairs.flatMap(([name, value]) => [shortLength(name.length), name, shortLength(value.length), value]));
    return Buffer.concat([Buffer.of(0), shortLength(text.length), Buffer.of(0), text]);
  }
  const text = Buffer.concat(pairs.flatMap(([name, value]) => [longLength(name.length), longLength(value.length), name, value]));
  const none = Buffer.alloc(0);
  const begin = record(KIND.begin, Buffer.of(0, 1, 0, 0, 0, 0, 0, 0));
  return Buffer.concat([begin, record(KIND.params, text), record(KIND.params, none), record(KIND.stdin, none)]);
}

/** What the app wrote to its standard output, of all that came in FastCGI's records. Pure. */
function unwrapped(data: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at + 8 <= data.length; ) {
    const size = data.readUInt16BE(at + 4);
    if (data[at + 1] === KIND.stdout) pieces.push(data.subarray(at + 8, at + 8 + size));
    at += 8 + size + (data[at + 6] ?? 0);
  }
  return Buffer.concat(pieces);
}

/** The answer in what came back: a status line or a Status header, then the page. Pure. */
export function unpacked(way: Way, data: Buffer): PacketAnswer {
  const text = (way === 'php' || way === 'fastcgi' ? unwrapped(data) : data).toString('utf8');
  const [head = '', ...rest] = text.split(/\r?\n\r?\n/);
  if (!rest.length) throw new Error('it ended before its answer began');
  const own = /^HTTP\/[0-9.]+ ([0-9]{3})/.exec(head) ?? /^status:\s*([0-9]{3})/im.exec(head);
  const status = own ? Number(own[1]) : /^location:/im.test(head) ? 302 : 200;
  return { status, body: rest.join('\n\n') };
}

/** Asks a slot that does not speak HTTP for a page. */
export function askPackets(
  socket: string,
  way: Exclude<Way, 'http' | 'cgi'>,
  variables: Variables,
  signal: AbortSignal,
): Promise<PacketAnswer> {
  return new Promise((done, fail) => {
    const line = connect({ path: socket, signal });
    const pieces: Buffer[] = [];
    let size = 0;
    line.on('connect', () => line.write(packets(way, variables)));
    line.on('data', piece => {
      size += piece.length;
      if (size <= MAX_ANSWER) pieces.push(piece);
    });
    line.on('error', fail);
    line.on('end', () => {
      line.end();
      try {
        done(unpacked(way, Buffer.concat(pieces)));
      } catch (error) {
        fail(error);
      }
    });
  });
}
