import type { StreamRecord } from '../port.js';

/** A record and the publisher that waits for its answer. */
export interface PendingRecord {
  readonly record: StreamRecord;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** Records in the order they were published, none of them handed out yet. */
export class WaitingRecords {
  #queue: PendingRecord[] = [];
  #bytes = 0;

  get count(): number {
    return this.#queue.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldestAppendedAtMs(): number | undefined {
    return this.#queue[0]?.record.appendedAtMs;
  }

  push(pending: PendingRecord): void {
    this.#queue.push(pending);
    this.#bytes += pending.record.value.length;
  }

  /** Takes as many as the bounds allow, and at least one if there is one. */
  take(recordsMax: number, bytesMax: number): PendingRecord[] {
    let bytes = 0;
    let count = 0;
    for (const { record } of this.#queue) {
      if (count === recordsMax || (count > 0 && bytes + record.value.length > bytesMax)) break;
      bytes += record.value.length;
      count++;
    }
    this.#bytes -= bytes;
    return this.#queue.splice(0, count);
  }

  takeAll(): PendingRecord[] {
    const all = this.#queue;
    this.#queue = [];
    this.#bytes = 0;
    return all;
  }
}
