import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';

const TEXT = 1;
const CLOSE = 8;
const PING = 9;

function frame(kind: number, data: Buffer): Buffer {
  if (data.length > 125) throw new Error('this small client sends up to 125 bytes');
  const mask = randomBytes(4);
  return Buffer.concat([Buffer.from([0x80 | kind, 0x80 | data.length]), mask, data.map((byte, n) => byte ^ (mask[n % 4] ?? 0))]);
}

/** A small RFC 6455 client: short texts, no fragments. */
export class Talk {
  private data = Buffer.alloc(0);
  private ended = false;
  private readonly line: Socket;

  private constructor(line: Socket) {
    this.line = line;
    line.on('data', piece => {
      this.data = Buffer.concat([this.data, piece]);
    });
    line.on('close', () => {
      this.ended = true;
    });
    line.on('error', () => {});
  }

  /** Connects and upgrades; answers the head of the server's answer too. */
  static async open(to: NetConnectOpts, host: string, path: string): Promise<{ talk: Talk; head: string }> {
    const line = connect(to);
    await once(line, 'connect');
    const talk = new Talk(line);
    const key = randomBytes(16).toString('base64');
    const more = `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\nX-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https`;
    line.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${more}\r\n\r\n`);
    while (talk.data.indexOf('\r\n\r\n') < 0) await talk.more();
    const end = talk.data.indexOf('\r\n\r\n') + 4;
    const head = talk.data.subarray(0, end).toString('latin1');
    talk.data = talk.data.subarray(end);
    return { talk, head };
  }

  private async more(): Promise<void> {
    if (this.ended) throw new Error(`the connection ended: ${this.data.toString('latin1').slice(0, 200)}`);
    await Promise.race([once(this.line, 'data'), once(this.line, 'close')]);
  }

  say(text: string): void {
    this.line.write(frame(TEXT, Buffer.from(text)));
  }

  /** The next text, or `close <code>`. Pings are answered. */
  async hear(): Promise<string> {
    for (;;) {
      const length = this.data[1] ?? 0;
      if (this.data.length >= 2 && length > 125) throw new Error('this small client hears up to 125 bytes');
      if (this.data.length < 2 || this.data.length < 2 + length) {
        await this.more();
        continue;
      }
      const kind = (this.data[0] ?? 0) & 15;
      const body = this.data.subarray(2, 2 + length);
      this.data = this.data.subarray(2 + length);
      if (kind === PING) this.line.write(frame(10, body));
      else if (kind === CLOSE) return `close ${body.length > 1 ? body.readUInt16BE(0) : 1005}`;
      else return body.toString();
    }
  }

  close(): void {
    this.line.end(frame(CLOSE, Buffer.from([3, 232])));
  }
}
