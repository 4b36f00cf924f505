/**
 * The ingest stream as the rest of the product sees it. Two drivers implement it: in process (`memory/`), and
 * Kafka. A producer's promise settles at the durable point; a consumer takes ranges of offsets, states its intention
 * to store exactly this range, stores it, and commits. An intention survives a crash: the same range, with the same
 * records in the same order, is then offered again before anything else, so that the store can drop what had landed.
 */

/** One message as the stream holds it. */
export interface StreamRecord {
  readonly offset: bigint;
  /** When the stream took the message, ms since the epoch; the same at every replay. */
  readonly appendedAtMs: number;
  /** 128-bit hash of `value` as 32 lower-case hex digits; also the message key, so copies share a partition. */
  readonly batchId: string;
  /** The bytes that were published: one protobuf `ExportTraceServiceRequest`. */
  readonly value: Uint8Array;
}

/** Consecutive records of one partition, stored as one unit. */
export interface RecordRange {
  readonly topic: string;
  readonly partition: number;
  /** Offset of the first record. */
  readonly begin: bigint;
  /** Offset behind the last record. */
  readonly end: bigint;
  readonly records: readonly StreamRecord[];
  /** True when the range had been intended before a restart and may already be in the store. */
  readonly replayed: boolean;
}

/** The insert token of a range: never used for other rows. */
export function rangeToken(range: Pick<RecordRange, 'topic' | 'partition' | 'begin' | 'end'>): string {
  return `${range.topic}-${range.partition}-${range.begin}-${range.end}`;
}

export interface StreamProducer {
  /** A larger message is refused as `too-large`; undefined where any that is admitted fits. */
  readonly messageBytesMax?: number;
  /**
   * Hands one message over and resolves when it is durable: Kafka: acknowledged by all in-sync replicas; in process:
   * its range is committed in the store. Rejects with {@link StreamError}; after a rejection the message may still
   * be stored (a resend of the same bytes is then dropped by its batch id).
   */
  publish(batchId: string, value: Uint8Array): Promise<void>;
}

/** How far storing lags behind publishing. */
export interface StreamLag {
  readonly records: number;
  readonly bytes: number;
  /** `appendedAtMs` of the oldest record not yet committed, over all partitions; undefined when there is none. */
  readonly oldestAppendedAtMs: number | undefined;
}

export interface RangeConsumer {
  /** Waits for the next range; undefined once `signal` is aborted or the stream has closed and is drained. */
  next(signal: AbortSignal): Promise<RecordRange | undefined>;
  /** Makes the range reproducible; call before its first insert. Repeating it is harmless. Throws {@link RevokedError}. */
  intend(range: RecordRange): Promise<void>;
  /**
   * The range is stored: moves on, and answers the producers that wait for it. Repeating it is harmless. Throws
   * {@link RevokedError}.
   */
  commit(range: RecordRange): Promise<void>;
  lag(): StreamLag;
}

/**
 * The partition is another consumer's by now, who goes on from what was intended: let go of the range. Whatever of it was
 * inserted, the other one's replay of the same range under the same token finds.
 */
export class RevokedError extends Error {
  override readonly name = 'RevokedError';
}

export type StreamErrorCode = 'overloaded' | 'unavailable' | 'too-large' | 'closed';

/** Why a publish failed. `retryable` ones carry a hint for Retry-After. */
export class StreamError extends Error {
  override readonly name = 'StreamError';

  constructor(
    readonly code: StreamErrorCode,
    message: string,
    readonly retryAfterS: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get retryable(): boolean {
    return this.code !== 'too-large';
  }
}
