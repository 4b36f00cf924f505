import { SpanEvent, type WireReader } from '@halfopen/otlp';
import { Attributes } from './attributes.js';
import { Ranges } from './ranges.js';
import type { RowWriter } from './row-writer.js';
import { Slices } from './slices.js';

/**
 * The events of one span on their way into the Nested columns `Events`. Nested is one array per column, so that each
 * column goes over the events anew.
 */
export class Events {
  private readonly ranges: Ranges;

  /** The event being looked at. */
  private readonly slices: Slices;
  private readonly attributes: Attributes;
  private timeLo = 0;
  private timeHi = 0;

  constructor(private readonly reader: WireReader) {
    this.ranges = new Ranges(reader);
    this.slices = new Slices(reader);
    this.attributes = new Attributes(reader);
  }

  clear(): void {
    this.ranges.clear();
  }

  /** Remembers the reader's current field, an Event, and steps over it. */
  add(): void {
    this.ranges.add();
  }

  /** Writes Timestamp, Name, Attributes. Moves the reader. */
  write(writer: RowWriter): void {
    const { count } = this.ranges;
    writer.count(count);
    for (let i = 0; i < count; i += 1) {
      this.scan(i);
      writer.time(this.timeLo, this.timeHi);
    }
    writer.count(count);
    for (let i = 0; i < count; i += 1) {
      this.scan(i);
      this.slices.writeString(SpanEvent.name, writer);
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
    this.timeLo = 0;
    this.timeHi = 0;
    while (reader.next()) {
      switch (reader.field) {
        case SpanEvent.timeUnixNano:
          reader.fixed64();
          this.timeLo = reader.lo;
          this.timeHi = reader.hi;
          break;
        case SpanEvent.name:
          this.slices.add();
          break;
        case SpanEvent.attributes:
          this.attributes.add();
          break;
        default:
          reader.skip();
      }
    }
  }
}
