import type { WireReader } from '@halfopen/otlp';

const CAPACITY_INITIAL = 64;
/** `clear` lets go of more room than this, so that one hostile message does not stay in memory for ever. */
const CAPACITY_KEPT_MAX = 64 * 1024;

/** Where the occurrences of a repeated message field lie, in their order. */
export class Ranges {
  count = 0;
  /** Start and end of each, one after another. */
  private bounds = new Int32Array(2 * CAPACITY_INITIAL);

  constructor(private readonly reader: WireReader) {}

  clear(): void {
    this.count = 0;
    if (this.bounds.length > 2 * CAPACITY_KEPT_MAX) this.bounds = new Int32Array(2 * CAPACITY_INITIAL);
  }

  /** Remembers the reader's current field, and steps over it. */
  add(): void {
    const { reader } = this;
    const length = reader.delimited();
    const at = 2 * this.count;
    if (at === this.bounds.length) this.grow();
    this.bounds[at] = reader.pos;
    reader.pos += length;
    this.bounds[at + 1] = reader.pos;
    this.count += 1;
  }

  start(index: number): number {
    return this.bounds[2 * index] ?? 0;
  }

  end(index: number): number {
    return this.bounds[2 * index + 1] ?? 0;
  }

  private grow(): void {
    const larger = new Int32Array(2 * this.bounds.length);
    larger.set(this.bounds);
    this.bounds = larger;
  }
}
