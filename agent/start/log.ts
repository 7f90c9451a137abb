import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

const MAX_BYTES = 4 * 1024 * 1024;
const LAST_LINES = 12;

/** The log of one child: each line with its time, at most two files of 4 MiB; remembers the last lines for the person who asks why. */
export class ChildLog {
  readonly path: string;
  #file: number;
  #bytes: number;
  #rest = '';
  #last: string[] = [];

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'a', 0o600);
    this.#bytes = fstatSync(this.#file).size;
  }

  /** Takes output as it comes, in pieces of any size. */
  take(piece: string): void {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-64 * 1024);
    for (const line of lines) this.line(line);
  }

  /** Writes one line. */
  line(text: string): void {
    this.#last.push(text);
    if (this.#last.length > LAST_LINES) this.#last.shift();
    const bytes = Buffer.from(`${new Date().toISOString()} ${text}\n`);
    if (this.#bytes + bytes.length > MAX_BYTES) this.#rotate();
    this.#bytes += bytes.length;
    writeSync(this.#file, bytes);
  }

  /** The last lines since this start. */
  lastLines(): string {
    return [...this.#last, this.#rest].filter(Boolean).join('\n');
  }

  #rotate(): void {
    closeSync(this.#file);
    renameSync(this.path, `${this.path}.1`);
    this.#file = openSync(this.path, 'a', 0o600);
    this.#bytes = 0;
  }
}
