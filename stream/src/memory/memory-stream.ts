import { randomUUID } from 'node:crypto';
import {
  rangeToken,
  StreamError,
  type RangeConsumer,
  type RecordRange,
  type StreamLag,
  type StreamProducer,
} from '../port.js';
import { DrainRate } from './drain-rate.js';
import {
  findIntention,
  removeIntention,
  writeIntention,
  type FoundIntention,
  type StoredRange,
} from './intention.js';
import { resolveLimits, type MemoryStreamLimits } from './limits.js';
import { WaitingRecords, type PendingRecord } from './pending.js';

export interface MemoryStreamOptions {
  /** Existing folder for the intention file. It belongs to this process alone (the caller holds the lock). */
  readonly dir: string;
  readonly limits?: Partial<MemoryStreamLimits>;
  /**
   * Write the intention to disk before the first insert. Without it the intention survives the end of the process,
   * not a power cut.
   * @default false
   */
  readonly fsync?: boolean;
  /** Told when an intention file could not be read and was moved away. */
  readonly log: { error(fields: object, message: string): void };
}

/** The ingest stream within one process: one topic, one partition, group commit. */
export interface MemoryStream {
  readonly producer: StreamProducer;
  readonly consumer: RangeConsumer;
  /**
   * Refuses what is published from now on, and waits (at most `closeMs`) until what had been published is stored, for
   * which the consumer must go on; then rejects the publishers that still wait.
   */
  close(): Promise<void>;
}

/**
 * Opens the stream on a folder. A range that an earlier process intended and did not commit is offered first.
 *
 * @throws RangeError when a limit is out of its bounds
 */
export async function openMemoryStream(options: MemoryStreamOptions): Promise<MemoryStream> {
  const limits = resolveLimits(options.limits);
  const found = await findIntention(options.dir);
  if (found.kind === 'damaged') {
    const { reason, movedTo } = found;
    options.log.error(
      { movedTo, reason },
      'the intention file was damaged and set aside; its senders send again',
    );
  }
  const { dir, fsync = false } = options;
  const stream = new GroupCommitStream(limits, dir, fsync, found);
  return { producer: stream, consumer: stream, close: () => stream.close() };
}

/** The range that a consumer has been given and has not committed. */
interface OutstandingRange {
  readonly range: RecordRange;
  /** Empty when the range comes from an earlier process. */
  readonly publishers: readonly PendingRecord[];
  readonly bytes: number;
  /** On the clock of `performance.now()`. */
  readonly handedOutAtMs: number;
}

/** Storing may take a fifth of the time while only a trickle comes. */
const REST_FACTOR = 4;

const BATCH_ID = /^[0-9a-f]{32}$/;

class GroupCommitStream implements StreamProducer, RangeConsumer {
  /** New at each open: offsets begin at 0 again, and an insert token must never be used twice. */
  readonly #topic = `memory-${randomUUID()}`;
  readonly #waiting = new WaitingRecords();
  readonly #drainRate = new DrainRate();
  #nextOffset = 0n;
  #outstanding: OutstandingRange | undefined;
  /** Token of the range committed last. */
  #committedToken: string | undefined;
  /** The oldest waiting record has waited for company long enough. */
  #lingered = false;
  #lingerTimer: NodeJS.Timeout | undefined;
  /** What waits is a trickle, and waits on until `#restUntil_ms`, on the clock of `performance.now()`. */
  #resting = false;
  #restUntil_ms = 0;
  #state: 'open' | 'draining' | 'closed' = 'open';
  #closing: Promise<void> | undefined;
  /** Called when a waiting `next` should look again. */
  #wakeConsumer: (() => void) | undefined;
  /** Called when the last publisher has its answer while draining. */
  #drained: (() => void) | undefined;

  constructor(
    private readonly limits: MemoryStreamLimits,
    private readonly dir: string,
    private readonly fsync: boolean,
    found: FoundIntention,
  ) {
    if (found.kind === 'range') this.#outstanding = outstanding({ ...found.range, replayed: true }, []);
  }

  /** @throws TypeError when the batch id is not 32 hex digits. The caller must leave `value` as it is. */
  async publish(batchId: string, value: Uint8Array): Promise<void> {
    if (!BATCH_ID.test(batchId)) throw new TypeError(`batch id ${batchId}: must be 32 lower-case hex digits`);
    this.#assertRoomFor(value.length);
    return new Promise((resolve, reject) => {
      const record = { offset: this.#nextOffset++, appendedAtMs: Date.now(), batchId, value };
      this.#waiting.push({ record, resolve, reject });
      if (this.#waiting.count === 1) this.#startLinger();
      if (this.#resting && this.#waiting.bytes >= this.limits.trickleBytes) this.#endLinger();
      else if (this.#isRangeReady()) this.#wakeConsumer?.();
    });
  }

  /** A range is offered again until it is committed. One call at a time. */
  async next(signal: AbortSignal): Promise<RecordRange | undefined> {
    if (this.#wakeConsumer !== undefined)
      throw new Error('memory stream: another next() is waiting, one is allowed');
    while (!signal.aborted && this.#state !== 'closed') {
      if (this.#outstanding !== undefined) return this.#outstanding.range;
      if (this.#isRangeReady()) return this.#handOut();
      if (this.#state === 'draining') return undefined;
      await this.#untilWoken(signal);
    }
    return undefined;
  }

  async intend(range: RecordRange): Promise<void> {
    const current = this.#outstandingUnlessCommitted(range);
    if (current === undefined || current.range.replayed) return;
    await writeIntention(this.dir, current.range, this.fsync);
    this.#outstanding = { ...current, range: { ...current.range, replayed: true } };
  }

  async commit(range: RecordRange): Promise<void> {
    const current = this.#outstandingUnlessCommitted(range);
    if (current === undefined) return;
    const { publishers, bytes, handedOutAtMs } = current;
    await removeIntention(this.dir);
    this.#outstanding = undefined;
    this.#committedToken = rangeToken(range);
    const now_ms = performance.now();
    this.#drainRate.observe(bytes, now_ms - handedOutAtMs);
    this.#restUntil_ms = now_ms + Math.min(this.limits.restMsMax, REST_FACTOR * (now_ms - handedOutAtMs));
    for (const { resolve } of publishers) resolve();
    if (!this.#hasPublishers()) this.#drained?.();
  }

  lag(): StreamLag {
    const current = this.#outstanding;
    return {
      records: this.#waiting.count + (current?.range.records.length ?? 0),
      bytes: this.#waiting.bytes + (current?.bytes ?? 0),
      oldestAppendedAtMs: current?.range.records[0]?.appendedAtMs ?? this.#waiting.oldestAppendedAtMs,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#drainAndClose();
    return this.#closing;
  }

  async #drainAndClose(): Promise<void> {
    this.#state = 'draining';
    this.#wakeConsumer?.();
    if (this.#hasPublishers()) await this.#untilDrained();
    this.#state = 'closed';
    clearTimeout(this.#lingerTimer);
    this.#wakeConsumer?.();
    const unanswered = [...(this.#outstanding?.publishers ?? []), ...this.#waiting.takeAll()];
    const reason = `the stream was closed, and storing had not finished after ${this.limits.closeMs} ms: send again`;
    for (const { reject } of unanswered) reject(new StreamError('closed', reason, 1));
  }

  #untilDrained(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.limits.closeMs);
      this.#drained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #hasPublishers(): boolean {
    return this.#waiting.count > 0 || (this.#outstanding?.publishers.length ?? 0) > 0;
  }

  #assertRoomFor(bytes: number): void {
    const { pendingBytesMax, pendingRecordsMax } = this.limits;
    if (this.#state !== 'open') throw new StreamError('closed', 'the stream is closing: send again', 1);
    if (bytes > pendingBytesMax) {
      const reason = `a message of ${bytes} bytes, may have ${pendingBytesMax} (pendingBytesMax)`;
      throw new StreamError('too-large', reason, 0);
    }
    const lag = this.lag();
    if (lag.bytes + bytes > pendingBytesMax || lag.records >= pendingRecordsMax) {
      const reason = `${lag.records} records (${lag.bytes} bytes) wait to be stored: send again later`;
      throw new StreamError('overloaded', reason, this.#drainRate.retryAfterS(lag.bytes, this.#stalledMs()));
    }
  }

  #stalledMs(): number {
    return this.#outstanding === undefined ? 0 : performance.now() - this.#outstanding.handedOutAtMs;
  }

  #startLinger(): void {
    this.#lingered = false;
    this.#lingerTimer = setTimeout(() => {
      if (this.#waiting.bytes >= this.limits.trickleBytes) this.#endLinger();
      else this.#restOn();
    }, this.limits.lingerMs);
  }

  /**
   * A trickle waits on until storing has rested for some time: a range costs the engine nearly as much for ten spans as
   * for ten thousand, and would keep a core busy at ten small requests a second.
   */
  #restOn(): void {
    const rest_ms = this.#restUntil_ms - performance.now();
    if (rest_ms <= 0) {
      this.#endLinger();
      return;
    }
    this.#resting = true;
    this.#lingerTimer = setTimeout(() => {
      this.#endLinger();
    }, rest_ms);
  }

  #endLinger(): void {
    clearTimeout(this.#lingerTimer);
    this.#lingered = true;
    this.#resting = false;
    this.#wakeConsumer?.();
  }

  #isRangeReady(): boolean {
    const { count, bytes } = this.#waiting;
    const full = count >= this.limits.rangeRecordsMax || bytes >= this.limits.rangeBytesMax;
    return count > 0 && (this.#lingered || full || this.#state === 'draining');
  }

  #handOut(): RecordRange {
    const publishers = this.#waiting.take(this.limits.rangeRecordsMax, this.limits.rangeBytesMax);
    // What is left has waited as long as what leaves, or nearly.
    this.#lingered = this.#waiting.count > 0;
    this.#resting = false;
    clearTimeout(this.#lingerTimer);
    const records = publishers.map(({ record }) => record);
    const begin = records[0]?.offset ?? this.#nextOffset;
    const end = begin + BigInt(records.length);
    this.#outstanding = outstanding(
      { topic: this.#topic, partition: 0, begin, end, records, replayed: false },
      publishers,
    );
    return this.#outstanding.range;
  }

  #untilWoken(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        this.#wakeConsumer = undefined;
        resolve();
      };
      signal.addEventListener('abort', wake);
      this.#wakeConsumer = wake;
    });
  }

  /** A consumer may repeat any step of a range, for it may not have learnt that the commit went through. */
  #outstandingUnlessCommitted(range: StoredRange): OutstandingRange | undefined {
    const token = rangeToken(range);
    if (token === this.#committedToken) return undefined;
    if (this.#outstanding === undefined || rangeToken(this.#outstanding.range) !== token) {
      throw new Error(`memory stream: range ${token} is not the one handed out by next()`);
    }
    return this.#outstanding;
  }
}

function outstanding(range: RecordRange, publishers: readonly PendingRecord[]): OutstandingRange {
  const bytes = range.records.reduce((sum, { value }) => sum + value.length, 0);
  return { range, publishers, bytes, handedOutAtMs: performance.now() };
}
