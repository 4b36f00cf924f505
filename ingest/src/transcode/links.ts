import { SpanLink, type WireReader } from '@halfopen/otlp';
import { Attributes } from './attributes.js';
import { Ranges } from './ranges.js';
import type { RowWriter } from './row-writer.js';
import { Slices } from './slices.js';

/**
 * The links of one span on their way into the Nested columns `Links`. Nested is one array per column, so that each
 * column goes over the links anew.
 */
export class Links {
  private readonly ranges: Ranges;

  /** The link being looked at. */
  private readonly slices: Slices;
  private readonly attributes: Attributes;

  constructor(private readonly reader: WireReader) {
    this.ranges = new Ranges(reader);
    this.slices = new Slices(reader);
    this.attributes = new Attributes(reader);
  }

  clear(): void {
    this.ranges.clear();
  }

  /** Remembers the reader's current field, a Link, and steps over it. */
  add(): void {
    this.ranges.add();
  }

  /** Writes TraceId, SpanId, TraceState, Attributes. Moves the reader. */
  write(writer: RowWriter): void {
    const { count } = this.ranges;
    writer.count(count);
    for (let i = 0; i < count; i += 1) {
      this.scan(i);
      this.slices.writeId(SpanLink.traceId, writer);
    }
    writer.count(count);
    for (let i = 0; i < count; i += 1) {
      this.scan(i);
      this.slices.writeId(SpanLink.spanId, writer);
    }
    writer.count(count);
    for (let i = 0; i < count; i += 1) {
      this.scan(i);
      this.slices.writeString(SpanLink.traceState, writer);
    }
    writer.count(count);
    for (let i = 0; i < count; i += 1) {
      this.scan(i);
      this.attributes.writeMap(writer);
    }
  }

  private scan(index: number): void {
    const { reader } = this;
    reader.within(this.ranges.start(index), this.ranges.end(index));
    this.slices.clear();
    this.attributes.clear();
    while (reader.next()) {
      switch (reader.field) {
        case SpanLink.traceId:
        case SpanLink.spanId:
        case SpanLink.traceState:
          this.slices.add();
          break;
        case SpanLink.attributes:
          this.attributes.add();
          break;
        default:
          reader.skip();
      }
    }
  }
}
