import { Span, Status, type WireReader } from '@halfopen/otlp';
import { Attributes } from './attributes.js';
import { Events } from './events.js';
import { Links } from './links.js';
import { constantText, type RowWriter } from './row-writer.js';
import { Slices } from './slices.js';

/** By their numbers in the protocol. A number that is not among them is written as number 0. */
const KIND_UNSPECIFIED = constantText('Unspecified');
const KINDS = [
  KIND_UNSPECIFIED,
  ...['Internal', 'Server', 'Client', 'Producer', 'Consumer'].map((kind) => constantText(kind)),
];
const STATUS_UNSET = constantText('Unset');
const STATUS_CODES = [STATUS_UNSET, constantText('Ok'), constantText('Error')];

/** One span on its way into a row of `otel_traces`. Made once, used for all spans. */
export class SpanRow {
  private readonly slices: Slices;
  private readonly attributes: Attributes;
  private readonly events: Events;
  private readonly links: Links;
  private readonly statusMessage: Slices;
  private kind = 0;
  private statusCode = 0;
  private startLo = 0;
  private startHi = 0;
  private endLo = 0;
  private endHi = 0;

  constructor(private readonly reader: WireReader) {
    this.slices = new Slices(reader);
    this.attributes = new Attributes(reader);
    this.events = new Events(reader);
    this.links = new Links(reader);
    this.statusMessage = new Slices(reader);
  }

  /**
   * Writes the Span that the reader is within. `origin`: the columns from ServiceName to ScopeVersion, which are the
   * same for all spans of a scope, in RowBinary. Moves the reader.
   */
  write(origin: Uint8Array, insertedAtS: number, writer: RowWriter): void {
    this.scan();
    const { slices } = this;
    writer.time(this.startLo, this.startHi);
    slices.writeId(Span.traceId, writer);
    slices.writeId(Span.spanId, writer);
    slices.writeId(Span.parentSpanId, writer);
    slices.writeString(Span.traceState, writer);
    slices.writeString(Span.name, writer);
    writer.constant(KINDS[this.kind] ?? KIND_UNSPECIFIED);
    writer.encoded(origin);
    this.attributes.writeMap(writer);
    this.writeDuration(writer);
    writer.constant(STATUS_CODES[this.statusCode] ?? STATUS_UNSET);
    this.statusMessage.writeString(Status.message, writer);
    this.events.write(writer);
    this.links.write(writer);
    writer.uint32(insertedAtS);
  }

  private clear(): void {
    this.slices.clear();
    this.attributes.clear();
    this.events.clear();
    this.links.clear();
    this.statusMessage.clear();
    this.kind = 0;
    this.statusCode = 0;
    this.startLo = 0;
    this.startHi = 0;
    this.endLo = 0;
    this.endHi = 0;
  }

  private scan(): void {
    this.clear();
    const { reader } = this;
    while (reader.next()) {
      switch (reader.field) {
        case Span.traceId:
        case Span.spanId:
        case Span.traceState:
        case Span.parentSpanId:
        case Span.name:
          this.slices.add();
          break;
        case Span.kind:
          this.kind = reader.varint();
          break;
        case Span.startTimeUnixNano:
          reader.fixed64();
          this.startLo = reader.lo;
          this.startHi = reader.hi;
          break;
        case Span.endTimeUnixNano:
          reader.fixed64();
          this.endLo = reader.lo;
          this.endHi = reader.hi;
          break;
        case Span.attributes:
          this.attributes.add();
          break;
        case Span.events:
          this.events.add();
          break;
        case Span.links:
          this.links.add();
          break;
        case Span.status:
          this.scanStatus();
          break;
        default:
          reader.skip();
      }
    }
  }

  private scanStatus(): void {
    const { reader } = this;
    const outerEnd = reader.enter();
    while (reader.next()) {
      if (reader.field === Status.code) this.statusCode = reader.varint();
      else if (reader.field === Status.message) this.statusMessage.add();
      else reader.skip();
    }
    reader.leave(outerEnd);
  }

  /** Nanoseconds from start to end, 0 when the end comes first (the exporter lets it wrap around). */
  private writeDuration(writer: RowWriter): void {
    const borrow = this.endLo >>> 0 < this.startLo >>> 0 ? 1 : 0;
    const endsFirst = this.endHi === this.startHi ? borrow === 1 : this.endHi >>> 0 < this.startHi >>> 0;
    if (endsFirst) writer.int64(0, 0);
    else writer.int64(this.endLo - this.startLo, this.endHi - this.startHi - borrow);
  }
}
