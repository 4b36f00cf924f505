import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { beginTerm, type Term } from '@halfopen/rules';
import type { Store } from '@halfopen/store';
import type { Log } from '../log.js';
import type { Judging } from '../judging.js';

export interface OfficeOptions {
  readonly store: Store;
  /** Names this process; no two share it. */
  readonly holder: string;
  readonly log: Log;
  readonly begin: (term: Term, onDeposed: () => void) => Promise<Judging>;
}

interface Tenure {
  readonly term: Term;
  readonly judging: Judging;
}

const AGAIN_MS = 2_000;
/** Kafka tells a former holder of the election that it slept through well within this. */
const RECONSIDER_MS = 5_000;

/**
 * What the elected process does and no other. Elections come as news; it follows them one after the other: it begins a
 * term and judges, and stops when it is elected no more, or when another process has begun a term.
 */
export class Office {
  #elected = false;
  #deposed = false;
  #closed = false;
  #tenure: Tenure | undefined;
  #lastError: string | undefined;
  /** Aborted, and another one made, when there is something new. */
  #news = new AbortController();
  readonly #running: Promise<void>;

  constructor(private readonly options: OfficeOptions) {
    this.#running = this.#run();
  }

  get judging(): Judging | undefined {
    return this.#tenure?.judging;
  }

  get term(): number | undefined {
    return this.#tenure?.term.number;
  }

  /** Why it does not judge though it is elected. */
  get obstacle(): string | undefined {
    if (!this.#elected || this.#tenure !== undefined) return undefined;
    return this.#lastError === undefined ? 'taking office' : `office could not be taken: ${this.#lastError}`;
  }

  /** Returns at once. */
  elected(elected: boolean): void {
    this.#elected = elected;
    this.#tell();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#tell();
    await this.#running;
  }

  #tell(): void {
    this.#news.abort();
    this.#news = new AbortController();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const { signal } = this.#news;
      if (!this.#elected) {
        await this.#leave();
        await rest(undefined, signal);
      } else if (this.#deposed) {
        // Most likely Kafka has elected somebody else while we slept, and tells us next; if not, it is our turn again.
        await this.#leave();
        this.#deposed = false;
        await rest(RECONSIDER_MS, signal);
      } else if (this.#tenure === undefined) await this.#take(signal);
      else await rest(undefined, signal);
    }
    await this.#leave();
  }

  async #take(news: AbortSignal): Promise<void> {
    const { store, holder, log, begin } = this.options;
    try {
      const term = await beginTerm(store, holder, Date.now());
      if (news.aborted) return; // look again whether it is still ours
      const judging = await begin(term, () => {
        this.#deposed = true;
        this.#tell();
      });
      this.#tenure = { term, judging };
      this.#lastError = undefined;
      log.info({ term: term.number, holder }, 'judges from now on');
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== this.#lastError) log.error({ err: error }, 'office could not be taken; tried again');
      this.#lastError = message;
      await rest(AGAIN_MS, news);
    }
  }

  async #leave(): Promise<void> {
    const tenure = this.#tenure;
    if (tenure === undefined) return;
    await tenure.judging.stop();
    this.#tenure = undefined;
    this.options.log.info({ term: tenure.term.number }, 'judges no more');
  }
}

/** For so long, or until the signal. */
async function rest(time_ms: number | undefined, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  if (time_ms === undefined) await once(signal, 'abort');
  else await sleep(time_ms, undefined, { signal }).catch(() => undefined);
}
