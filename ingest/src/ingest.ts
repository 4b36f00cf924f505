import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError, type Store } from '@halfopen/store';
import {
  rangeToken,
  RevokedError,
  StreamError,
  type DeadLetterOffice,
  type RangeConsumer,
} from '@halfopen/stream';
import { backoffMs } from './backoff.js';
import { RowWriter } from './transcode/row-writer.js';
import { RangeStorage, type RangeOutcome } from './range.js';

export interface IngestOptions {
  readonly consumer: RangeConsumer;
  readonly store: Store;
  /** Keeps messages that can't be read, whole. */
  readonly deadLetters: DeadLetterOffice;
  readonly log: IngestLog;
  /**
   * Where other processes may take ranges over: how long behind its intention an insert may still begin, ms.
   * @default no bound
   */
  readonly insertWithinMs?: number;
  /**
   * Bytes of rows in one insert; a message that makes more is a dead letter.
   * @default ROW_BYTES_MAX
   */
  readonly rowBytesMax?: number;
  /** @default the system's */
  readonly clock?: IngestClock;
  /**
   * From 0 to 1, for the jitter of the back-off.
   * @default Math.random
   */
  readonly random?: () => number;
}

export interface IngestLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface IngestClock {
  /** Since the epoch. */
  nowMs(): number;
  /** Resolves when the time is over or the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export type IngestStatus =
  | { readonly state: 'running' }
  | {
      /** The same range is tried again and again; nothing behind it is stored meanwhile. */
      readonly state: 'failing';
      /** Since the epoch. */
      readonly sinceMs: number;
      readonly failures: number;
      readonly lastError: string;
    }
  | { readonly state: 'stopped' };

/** Totals since the start. */
export interface IngestCounters extends RangeOutcome {
  readonly ranges: number;
  /** Attempts that failed. */
  readonly failures: number;
}

export interface Ingest {
  /** Resolves when the loop has ended: after `stop`, or when the stream was closed and is drained. */
  readonly stopped: Promise<void>;
  /** Ends the loop after the attempt under way. A range that is not committed then is offered again by the stream. */
  stop(): Promise<void>;
  status(): IngestStatus;
  counters(): IngestCounters;
}

/**
 * Stores what the stream offers, range after range, each exactly once. A range that fails is tried again for ever: what
 * a client was told is kept is never given up.
 */
export function startIngest(options: IngestOptions): Ingest {
  const loop = new IngestLoop(options);
  const stopped = loop.run();
  return {
    stopped,
    stop: () => {
      loop.abort();
      return stopped;
    },
    status: () => loop.status,
    counters: () => loop.counters,
  };
}

const SYSTEM_CLOCK: IngestClock = {
  nowMs: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
};

class IngestLoop {
  status: IngestStatus = { state: 'running' };
  counters: IngestCounters = {
    ranges: 0,
    records: 0,
    bytes: 0,
    resent: 0,
    spans: 0,
    deadLetters: 0,
    deadLettersCut: 0,
    failures: 0,
  };
  readonly #aborting = new AbortController();
  readonly #clock: IngestClock;
  readonly #random: () => number;

  constructor(private readonly options: IngestOptions) {
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#random = options.random ?? Math.random;
  }

  abort(): void {
    this.#aborting.abort();
  }

  async run(): Promise<void> {
    const { consumer, store, deadLetters, rowBytesMax, insertWithinMs } = this.options;
    const writer = new RowWriter(rowBytesMax);
    const storage = new RangeStorage(store, consumer, deadLetters, writer, insertWithinMs);
    for (;;) {
      const range = await this.#untilDone('take the next range', () => consumer.next(this.#aborting.signal));
      if (range === undefined) break;
      if (range === 'revoked') continue;
      const outcome = await this.#untilDone(`store range ${rangeToken(range)}`, () => storage.put(range));
      if (outcome === undefined) break;
      if (outcome !== 'revoked') this.#count(outcome);
    }
    this.status = { state: 'stopped' };
  }

  /** What the work returns, at last; undefined when told to stop before; `revoked` where it is another's work by now. */
  async #untilDone<T>(what: string, work: () => Promise<T>): Promise<T | 'revoked' | undefined> {
    const { signal } = this.#aborting;
    while (!signal.aborted) {
      try {
        const result = await work();
        if (this.status.state === 'failing') this.options.log.info(this.status, `could at last ${what}`);
        this.status = { state: 'running' };
        return result;
      } catch (error) {
        if (error instanceof RevokedError) {
          this.options.log.warn({ err: error }, `let go of this: ${what}`);
          this.status = { state: 'running' };
          return 'revoked';
        }
        await this.#clock.sleep(this.#noteFailure(what, error), signal);
      }
    }
    return undefined;
  }

  /** Returns how long to wait, ms. Logs an error when it begins and when it changes, not at each attempt. */
  #noteFailure(what: string, error: unknown): number {
    const before = this.status.state === 'failing' ? this.status : undefined;
    const lastError = error instanceof Error ? error.message : String(error);
    const failures = (before?.failures ?? 0) + 1;
    this.status = { state: 'failing', sinceMs: before?.sinceMs ?? this.#clock.nowMs(), failures, lastError };
    this.counters = { ...this.counters, failures: this.counters.failures + 1 };
    const retryable = (error instanceof StoreError || error instanceof StreamError) && error.retryable;
    if (before?.lastError !== lastError) {
      const level = retryable ? 'warn' : 'error';
      this.options.log[level]({ err: error, failures }, `could not ${what}, trying again`);
    }
    return backoffMs(failures, retryable, this.#random());
  }

  #count(outcome: RangeOutcome): void {
    const { counters } = this;
    this.counters = {
      ranges: counters.ranges + 1,
      records: counters.records + outcome.records,
      bytes: counters.bytes + outcome.bytes,
      resent: counters.resent + outcome.resent,
      spans: counters.spans + outcome.spans,
      deadLetters: counters.deadLetters + outcome.deadLetters,
      deadLettersCut: counters.deadLettersCut + outcome.deadLettersCut,
      failures: counters.failures,
    };
  }
}
