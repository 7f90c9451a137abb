import { addOutput } from '../steps/queries.ts';

/** What a job may keep of what its steps print; the build log on the host has the rest. */
const KEEP = 1_000_000;
const FLUSH_MS = 200;
const PIECE = 16_384;

/** Collects output for a moment before it is kept: a chatty build writes a few rows a second, not a thousand. */
export class Output {
  readonly #job: number;
  #step = '';
  #text = '';
  #kept = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(job: number) {
    this.#job = job;
  }

  /** Takes output of a step. */
  add(step: string, text: string): void {
    if (this.#kept > KEEP) return;
    if (step !== this.#step) void this.flush();
    this.#step = step;
    this.#kept += text.length;
    this.#text += this.#kept > KEEP ? '\n… the rest is in the build log\n' : text;
    if (this.#text.length > PIECE) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
  }

  /** Keeps what has been collected. */
  flush(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const [step, text] = [this.#step, this.#text];
    this.#text = '';
    // Output that cannot be kept must not end the work it tells of.
    if (text)
      this.#writing = this.#writing
        .then(() => addOutput(this.#job, step, text))
        .catch(error => console.error(`output of job ${this.#job}:`, error));
    return this.#writing;
  }

  /** Keeps the rest. */
  close(): Promise<void> {
    return this.flush();
  }
}
