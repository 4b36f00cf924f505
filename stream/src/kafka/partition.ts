import type { RecordRange, StreamRecord } from '../port.js';
import type { KafkaConsumerLimits } from './limits.js';

/** What the group has on record for a partition. */
export interface Position {
  /** Committed offset; undefined for a group that has never committed here. */
  readonly offset: bigint | undefined;
  /** Where the range that begins at `offset` ends, if it was intended. */
  readonly intendedEnd: bigint | undefined;
}

/**
 * One assigned partition, from its assignment to its revocation: records that have been fetched and not been committed, in
 * order, and where the next range begins.
 */
export class Partition {
  /** Behind the last commit. */
  readonly #records: StreamRecord[] = [];
  #bytes = 0;
  #position: Position | undefined;
  #revoked = false;
  #since_ms = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** Another consumer may have it by now: nothing of it may be intended or committed any more. */
  get revoked(): boolean {
    return this.#revoked;
  }

  /** Its next range was intended before, and is not here in full yet. */
  get awaitsReplay(): boolean {
    const end = this.#position?.intendedEnd;
    return this.#position === undefined || (end !== undefined && !this.#reaches(end));
  }

  /** Where the next range begins, as far as that is known. */
  get begin(): bigint | undefined {
    return this.#position?.offset ?? this.#records[0]?.offset;
  }

  /** When the oldest record was appended, ms since the epoch. */
  get oldestAppendedAt_ms(): number | undefined {
    return this.#records[0]?.appendedAtMs;
  }

  revoke(): void {
    this.#revoked = true;
    this.#clear();
  }

  /** @returns messages that the group was still to read and the topic has no longer: lost to its retention */
  locate(position: Position): bigint {
    this.#position = position;
    const [first] = this.#records;
    return first === undefined ? 0n : gap(position.offset, first.offset);
  }

  /** @returns as {@link locate} */
  add(record: StreamRecord, now_ms: number): bigint {
    const last = this.#records.at(-1);
    // Fetching has begun again further back: what comes now includes what is here.
    if (last !== undefined && record.offset <= last.offset) this.#clear();
    const expected = this.#records.length === 0 ? this.#position?.offset : last && last.offset + 1n;
    if (this.#records.length === 0) this.#since_ms = now_ms;
    this.#records.push(record);
    this.#bytes += record.value.length;
    return gap(expected, record.offset);
  }

  /** Has it a range to hand out: one that was intended, a full one, or one that has waited for company. */
  isReady(now_ms: number, limits: KafkaConsumerLimits): boolean {
    if (this.#revoked || this.#records.length === 0 || this.awaitsReplay) return false;
    const isFull = this.#bytes >= limits.rangeBytesMax || this.#records.length >= limits.rangeRecordsMax;
    const isReplay = this.#position?.intendedEnd !== undefined;
    return isReplay || isFull || now_ms - this.#since_ms >= limits.lingerMs;
  }

  /** The next range; it stays here until committed. */
  range(limits: KafkaConsumerLimits): RecordRange {
    const intendedEnd = this.#position?.intendedEnd;
    const records =
      intendedEnd === undefined
        ? this.#within(limits)
        : this.#records.filter(({ offset }) => offset < intendedEnd);
    const last = records.at(-1);
    const end = intendedEnd ?? (last === undefined ? 0n : last.offset + 1n);
    const begin = this.begin ?? 0n;
    const { topic, partition } = this;
    return { topic, partition, begin, end, records, replayed: intendedEnd !== undefined };
  }

  #within({ rangeBytesMax, rangeRecordsMax }: KafkaConsumerLimits): StreamRecord[] {
    let bytes = 0;
    const records: StreamRecord[] = [];
    for (const record of this.#records) {
      bytes += record.value.length;
      if (records.length > 0 && (bytes > rangeBytesMax || records.length >= rangeRecordsMax)) break;
      records.push(record);
    }
    return records;
  }

  committed(end: bigint, now_ms: number): void {
    const done = this.#records.findIndex(({ offset }) => offset >= end);
    const dropped = this.#records.splice(0, done === -1 ? this.#records.length : done);
    this.#bytes -= dropped.reduce((sum, { value }) => sum + value.length, 0);
    this.#position = { offset: end, intendedEnd: undefined };
    this.#since_ms = now_ms;
  }

  #clear(): void {
    this.#records.length = 0;
    this.#bytes = 0;
  }

  #reaches(end: bigint): boolean {
    const last = this.#records.at(-1);
    return last !== undefined && last.offset >= end - 1n;
  }
}

/** Offsets between the one that must come and the one that came. */
function gap(expected: bigint | undefined, found: bigint): bigint {
  return expected !== undefined && found > expected ? found - expected : 0n;
}
