import { AnyValue, KeyValue, WireType, type WireReader } from '@halfopen/otlp';
import { jsonOfArray, jsonOfKvlist } from './json-text.js';
import { Ranges } from './ranges.js';
import { constantText, type RowWriter } from './row-writer.js';
import { base64Text, doubleText } from './value-text.js';

const SERVICE_NAME = Buffer.from('service.name');
const TRUE = constantText('true');
const FALSE = constantText('false');

const KEY_TAG = (KeyValue.key << 3) | WireType.delimited;
const VALUE_TAG = (KeyValue.value << 3) | WireType.delimited;

/**
 * The attributes of one span, event, link or resource on their way into a Map(String, String), their values as the
 * OpenTelemetry Collector's ClickHouse exporter has them.
 */
export class Attributes {
  private readonly ranges: Ranges;

  /** The KeyValue being looked at: its key, and the member of its value's oneof that was set last (0: none). */
  private keyStart = 0;
  private keyLength = 0;
  private member = 0;
  /** Of a string, bytes, array or kvlist: where its bytes are. */
  private start = 0;
  private length = 0;
  /** Of a bool or int: its halves. */
  private lo = 0;
  private hi = 0;
  private double = 0;

  constructor(private readonly reader: WireReader) {
    this.ranges = new Ranges(reader);
  }

  clear(): void {
    this.ranges.clear();
  }

  /** Remembers the reader's current field, a KeyValue, and steps over it. */
  add(): void {
    this.ranges.add();
  }

  /** Writes all of them, in their order; keys that repeat are kept. Moves the reader. */
  writeMap(writer: RowWriter): void {
    const { count } = this.ranges;
    writer.count(count);
    for (let i = 0; i < count; i += 1) {
      this.scan(i);
      writer.string(this.reader.view, this.keyStart, this.keyLength);
      this.writeValue(writer);
    }
  }

  /** Writes the value of the first `service.name` as a String, '' without one. Moves the reader. */
  writeServiceName(writer: RowWriter): void {
    for (let i = 0; i < this.ranges.count; i += 1) {
      this.scan(i);
      const key = this.reader.bytes.subarray(this.keyStart, this.keyStart + this.keyLength);
      if (SERVICE_NAME.equals(key)) {
        this.writeValue(writer);
        return;
      }
    }
    writer.count(0);
  }

  /** Finds key and value of the KeyValue `index`. */
  private scan(index: number): void {
    const { reader } = this;
    const start = this.ranges.start(index);
    const end = this.ranges.end(index);
    this.keyLength = 0;
    this.member = 0;
    const plainValue = this.scanPlainKey(start, end);
    if (plainValue >= 0) {
      reader.within(plainValue, end);
      this.scanMembers();
    } else {
      reader.within(start, end);
      this.scanFields();
    }
  }

  /**
   * The shortcut for a KeyValue laid out as nearly all are, key, then value, below 128 bytes so that each length is one
   * byte: it saves a quarter of the transcoder's time. Returns where the fields of the value begin, -1 if the layout is
   * another.
   */
  private scanPlainKey(start: number, end: number): number {
    const { view } = this.reader;
    if (end - start < 4 || end - start > 127 || view.getUint8(start) !== KEY_TAG) return -1;
    const keyLength = view.getUint8(start + 1);
    const value = start + keyLength + 4;
    if (value > end || view.getUint8(value - 2) !== VALUE_TAG || view.getUint8(value - 1) !== end - value)
      return -1;
    this.keyStart = start + 2;
    this.keyLength = keyLength;
    return value;
  }

  private scanFields(): void {
    const { reader } = this;
    while (reader.next()) {
      switch (reader.field) {
        case KeyValue.key:
          this.keyLength = reader.delimited();
          this.keyStart = reader.pos;
          reader.pos += this.keyLength;
          break;
        case KeyValue.value: {
          const outerEnd = reader.enter();
          this.scanMembers();
          reader.leave(outerEnd);
          break;
        }
        default:
          reader.skip();
      }
    }
  }

  /** Finds the member of the AnyValue that the reader is within, if one is set. */
  private scanMembers(): void {
    const { reader } = this;
    while (reader.next()) {
      const { field } = reader;
      switch (field) {
        case AnyValue.stringValue:
        case AnyValue.bytesValue:
        case AnyValue.arrayValue:
        case AnyValue.kvlistValue:
          this.length = reader.delimited();
          this.start = reader.pos;
          reader.pos += this.length;
          this.member = field;
          break;
        case AnyValue.boolValue:
        case AnyValue.intValue:
          reader.varint();
          this.lo = reader.lo;
          this.hi = reader.hi;
          this.member = field;
          break;
        case AnyValue.doubleValue:
          this.double = reader.double();
          this.member = field;
          break;
        default:
          reader.skip();
      }
    }
  }

  /** As the OpenTelemetry Collector renders values for this column: `Value.AsString` of its pdata/pcommon. */
  private writeValue(writer: RowWriter): void {
    const { reader } = this;
    switch (this.member) {
      case AnyValue.stringValue:
        writer.string(reader.view, this.start, this.length);
        break;
      case AnyValue.boolValue:
        writer.constant((this.lo | this.hi) === 0 ? FALSE : TRUE);
        break;
      case AnyValue.intValue:
        writer.integer(this.lo, this.hi);
        break;
      case AnyValue.doubleValue:
        writer.text(doubleText(this.double));
        break;
      case AnyValue.bytesValue:
        writer.text(base64Text(reader.bytes.subarray(this.start, this.start + this.length)));
        break;
      case AnyValue.arrayValue:
        reader.within(this.start, this.start + this.length);
        writer.text(jsonOfArray(reader, 1));
        break;
      case AnyValue.kvlistValue:
        reader.within(this.start, this.start + this.length);
        writer.text(jsonOfKvlist(reader, 1));
        break;
      default:
        writer.count(0);
    }
  }
}
