import { Span, type WireReader } from '@halfopen/otlp';
import type { RowWriter } from './row-writer.js';

/** The highest number of a string or id field in a trace request. */
const FIELD_MAX = Span.name;

/** Where the strings and ids of one message lie: of each field its last occurrence, as protobuf wants. */
export class Slices {
  private readonly starts = new Int32Array(FIELD_MAX + 1);
  private readonly lengths = new Int32Array(FIELD_MAX + 1);

  constructor(private readonly reader: WireReader) {}

  clear(): void {
    for (let field = 0; field <= FIELD_MAX; field += 1) this.lengths[field] = 0;
  }

  /** Remembers the reader's current field, and steps over it. */
  add(): void {
    const reader = this.reader;
    const length = reader.delimited();
    this.starts[reader.field] = reader.pos;
    this.lengths[reader.field] = length;
    reader.pos += length;
  }

  writeString(field: number, writer: RowWriter): void {
    writer.string(this.reader.view, this.starts[field] ?? 0, this.lengths[field] ?? 0);
  }

  /** An id as hex; one of zeros only is no id, as the W3C trace context says, and becomes ''. */
  writeId(field: number, writer: RowWriter): void {
    const start = this.starts[field] ?? 0;
    const length = this.lengths[field] ?? 0;
    const { view } = this.reader;
    let at = start;
    while (at < start + length && view.getUint8(at) === 0) at += 1;
    if (at === start + length) writer.count(0);
    else writer.hex(view, start, length);
  }
}
