import { WireType } from './wire.js';

/** Writes one protobuf message into a buffer that grows by doubling. */
export class WireWriter {
  private buffer: Buffer;
  private length = 0;

  /** @param sizeHint bytes that the message will probably take */
  constructor(sizeHint: number) {
    this.buffer = Buffer.allocUnsafe(Math.max(sizeHint, 256));
  }

  /** A copy of what has been written, of exactly its size. */
  finish(): Buffer {
    return Buffer.from(this.buffer.subarray(0, this.length));
  }

  tag(field: number, wireType: number): void {
    this.varint((field << 3) | wireType);
  }

  /** @param value an unsigned 32-bit integer */
  varint(value: number): void {
    this.reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      this.buffer[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[this.length++] = rest;
  }

  /** @param value an integer of 64 bits, signed or not */
  varint64(value: bigint): void {
    this.reserve(10);
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.buffer[this.length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.buffer[this.length++] = Number(rest);
  }

  /** @param value an unsigned 32-bit integer */
  fixed32(value: number): void {
    this.reserve(4);
    this.length = this.buffer.writeUInt32LE(value, this.length);
  }

  /** @param value an unsigned 64-bit integer */
  fixed64(value: bigint): void {
    this.reserve(8);
    this.length = this.buffer.writeBigUInt64LE(value, this.length);
  }

  double(value: number): void {
    this.reserve(8);
    this.length = this.buffer.writeDoubleLE(value, this.length);
  }

  /** A length and as many bytes. */
  bytes(value: Uint8Array): void {
    this.varint(value.length);
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  /** A length and the text as UTF-8; lone surrogates become U+FFFD. */
  string(text: string): void {
    if (text.length < 0x80 && this.shortAscii(text)) return;
    const length = Buffer.byteLength(text);
    this.varint(length);
    this.reserve(length);
    this.length += this.buffer.write(text, this.length);
  }

  /** Begins a submessage. Returns what `end` needs. */
  begin(field: number): number {
    this.tag(field, WireType.delimited);
    this.reserve(1);
    this.length += 1;
    return this.length;
  }

  /** Ends the submessage begun at `start`: writes its length in front, into the one byte kept free or by moving it. */
  end(start: number): void {
    const size = this.length - start;
    if (size >= 0x80) {
      const moved = start - 1 + varintSize(size);
      this.reserve(moved - start);
      this.buffer.copyWithin(moved, start, this.length);
    }
    this.length = start - 1;
    this.varint(size);
    this.length += size;
  }

  /** Writes a text of fewer than 128 ASCII characters, faster than a call into Buffer's own code; false for others. */
  private shortAscii(text: string): boolean {
    this.reserve(1 + text.length);
    let at = this.length + 1;
    for (let i = 0; i < text.length; i += 1) {
      const char = text.charCodeAt(i);
      if (char >= 0x80) return false;
      this.buffer[at++] = char;
    }
    this.buffer[this.length] = text.length;
    this.length = at;
    return true;
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }
}

/** @param value an unsigned 32-bit integer */
function varintSize(value: number): number {
  return Math.ceil((32 - Math.clz32(value | 1)) / 7);
}
