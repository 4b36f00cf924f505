import { isUtf8 } from 'node:buffer';
import { integerText, utf8Text } from './value-text.js';

/** Most bytes of rows that one writer holds: spans repeat their resource, so a small message can ask for many rows. */
export const ROW_BYTES_MAX = 256 * 1024 * 1024;

const CAPACITY_INITIAL = 64 * 1024;
/** `clear` lets go of a larger buffer than this, so that one huge range does not stay in memory for ever. */
const CAPACITY_KEPT_MAX = 32 * 1024 * 1024;

/** Up to here a loop is faster than the calls that copy and check in C++. Below 128, so that a length is one byte. */
const LOOP_BYTES_MAX = 100;

const MINUS = 0x2d;
const ZERO = 0x30;
/** The two hex digits of each byte, to be written as one little-endian UInt16. */
const HEX = Uint16Array.from(
  { length: 256 },
  (_, byte) => hexDigit(byte >>> 4) | (hexDigit(byte & 0xf) << 8),
);

/** The rows would take more than the writer may hold. */
export class RowLimitError extends Error {
  override readonly name = 'RowLimitError';
  readonly code = 'rows-too-large';

  constructor(readonly bytesMax: number) {
    super(`rows would take more than ${bytesMax} bytes: send fewer spans, or smaller resources, per request`);
  }
}

/** Text that is written again and again, encoded once. */
type ConstantText = DataView;

export function constantText(text: string): ConstantText {
  return viewOf(Buffer.from(text, 'utf8'));
}

/**
 * ClickHouse's RowBinary (clickhouse.com/docs/interfaces/formats/RowBinary), written into one buffer that doubles.
 * Made to be reused: take `rows`, insert them, `clear`.
 */
export class RowWriter {
  /** Bytes written so far. */
  length = 0;
  private bytes: Uint8Array = Buffer.allocUnsafeSlow(CAPACITY_INITIAL);
  private view = viewOf(this.bytes);

  /** @param bytesMax beyond it, writing throws RowLimitError */
  constructor(private readonly bytesMax = ROW_BYTES_MAX) {}

  /** What is written so far. A view: valid until the next write or `clear`. */
  rows(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
    if (this.bytes.length > CAPACITY_KEPT_MAX) this.use(Buffer.allocUnsafeSlow(CAPACITY_INITIAL));
  }

  /** Takes back what was written after the first `length` bytes. */
  truncate(length: number): void {
    this.length = length;
  }

  /** The size of an array or a map, or the length of a String: below 2^31. */
  count(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** UInt32, DateTime (s). */
  uint32(value: number): void {
    const at = this.reserve(4);
    this.view.setUint32(at, value, true);
  }

  /** Int64, UInt64, DateTime64, from its halves. */
  int64(lo: number, hi: number): void {
    const at = this.reserve(8);
    this.view.setInt32(at, lo, true);
    this.view.setInt32(at + 4, hi, true);
  }

  /** DateTime64(9), an Int64, from unsigned nanoseconds since 1970: times past its range become its last instant. */
  time(lo: number, hi: number): void {
    if (hi < 0) this.int64(-1, 0x7fff_ffff);
    else this.int64(lo, hi);
  }

  /** Bytes that are RowBinary already. */
  encoded(rowBinary: Uint8Array): void {
    const at = this.reserve(rowBinary.length);
    this.bytes.set(rowBinary, at);
  }

  /** String: one of a few known texts. */
  constant(text: ConstantText): void {
    this.string(text, 0, text.byteLength);
  }

  /** String: a slice of UTF-8. What is no valid UTF-8 in it is replaced by U+FFFD. */
  string(source: DataView, start: number, length: number): void {
    if (length > LOOP_BYTES_MAX) {
      this.checkedString(source, start, length);
      return;
    }
    const at = this.reserve(length + 1);
    const { view } = this;
    view.setUint8(at, length);
    let allBits = 0;
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      const four = source.getInt32(start + i, true);
      allBits |= four;
      view.setInt32(at + 1 + i, four, true);
    }
    for (; i < length; i += 1) {
      const byte = source.getUint8(start + i);
      allBits |= byte;
      view.setUint8(at + 1 + i, byte);
    }
    const isAscii = (allBits & 0x80808080) === 0;
    if (!isAscii) {
      this.length = at;
      this.checkedString(source, start, length);
    }
  }

  /** String: a slice of bytes as lower-case hex. */
  hex(source: DataView, start: number, length: number): void {
    this.count(2 * length);
    const at = this.reserve(2 * length);
    const { view } = this;
    for (let i = 0; i < length; i += 1) {
      view.setUint16(at + 2 * i, HEX[source.getUint8(start + i)] ?? 0, true);
    }
  }

  /** String: an int64 in decimal, from its halves. */
  integer(lo: number, hi: number): void {
    if (hi >= -(2 ** 21) && hi < 2 ** 21) this.decimal(hi * 2 ** 32 + (lo >>> 0));
    else this.text(integerText(lo, hi));
  }

  /** String: from a JavaScript string. The slow way, for what has to be made up. */
  text(value: string): void {
    const utf8 = Buffer.from(value, 'utf8');
    this.count(utf8.length);
    this.encoded(utf8);
  }

  private checkedString(source: DataView, start: number, length: number): void {
    const slice = new Uint8Array(source.buffer, source.byteOffset + start, length);
    if (isUtf8(slice)) {
      this.count(length);
      this.encoded(slice);
    } else {
      this.text(utf8Text(slice));
    }
  }

  /** String: an integer within 2^53 in decimal. */
  private decimal(value: number): void {
    const magnitude = Math.abs(value);
    let digits = 1;
    for (let bound = 10; magnitude >= bound; bound *= 10) digits += 1;
    const length = value < 0 ? digits + 1 : digits;
    const begin = this.reserve(length + 1);
    const { view } = this;
    view.setUint8(begin, length);
    if (value < 0) view.setUint8(begin + 1, MINUS);
    // From the last digit, nine at a time: remainders of 32-bit integers are far cheaper than those of doubles.
    let at = begin + length;
    let rest = magnitude;
    for (let left = digits; left > 0; left -= 9) {
      const higher = Math.floor(rest / 1e9);
      let nine = rest - higher * 1e9;
      for (let i = Math.min(left, 9); i > 0; i -= 1) {
        const quotient = (nine / 10) | 0;
        view.setUint8(at, ZERO + nine - quotient * 10);
        at -= 1;
        nine = quotient;
      }
      rest = higher;
    }
  }

  private byte(value: number): void {
    const at = this.reserve(1);
    this.view.setUint8(at, value);
  }

  /** Makes room for `count` bytes, and returns where they go. Look at `view` behind it only: it may be another then. */
  private reserve(count: number): number {
    const at = this.length;
    if (at + count > this.bytes.length) this.grow(at + count);
    this.length = at + count;
    return at;
  }

  private grow(needed: number): void {
    if (needed > this.bytesMax) throw new RowLimitError(this.bytesMax);
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * this.bytes.length, this.bytesMax)));
    larger.set(this.rows());
    this.use(larger);
  }

  private use(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = viewOf(bytes);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hexDigit(value: number): number {
  return '0123456789abcdef'.charCodeAt(value);
}
