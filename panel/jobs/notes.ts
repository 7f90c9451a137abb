import { together } from '../db/pool.ts';
import { type StepNews, setStep } from '../steps/queries.ts';
import type { Output } from './output.ts';

/** Notes what becomes of a job's steps: at once, and what comes while the disk is busy with that together in the next go. */
export class Notes {
  readonly #job: number;
  readonly #output: Output;
  #news = new Map<string, StepNews>();
  #writing: Promise<void> | null = null;

  constructor(job: number, output: Output) {
    this.#job = job;
    this.#output = output;
  }

  /** Takes news of a step; of two about the same step only the newer one counts. */
  add(news: StepNews): void {
    this.#news.set(news.id, news);
    this.#writing ??= this.#write();
    // Whoever waits for the end hears of a failure.
    this.#writing.catch(() => {});
  }

  async #write(): Promise<void> {
    while (this.#news.size > 0) {
      const news = [...this.#news.values()];
      this.#news = new Map();
      // What a step has printed is there before it is called done.
      await this.#output.flush();
      await together(async () => {
        for (const each of news) await setStep(this.#job, each);
      });
    }
    this.#writing = null;
  }

  /** Waits until all of it is kept. Throws when it could not be. */
  async close(): Promise<void> {
    await this.#writing;
  }
}
