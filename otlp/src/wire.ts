/**
 * Protobuf's wire format (protobuf.dev/programming-guides/encoding): walking it with every read bounds-checked and
 * nothing allocated per field. A walk over one message reads:
 *
 *     const reader = new WireReader();
 *     reader.reset(bytes);
 *     while (reader.next())
 *       switch (reader.field) {
 *         case 1: { const outer = reader.enter(); ...walk the submessage...; reader.leave(outer); break; }
 *         case 2: { const length = reader.delimited(); ...use bytes from reader.pos...; reader.pos += length; break; }
 *         default: reader.skip();
 *       }
 */

export const WireType = {
  varint: 0,
  fixed64: 1,
  delimited: 2,
  startGroup: 3,
  endGroup: 4,
  fixed32: 5,
} as const;

export type WireErrorCode =
  /** The bytes end inside a tag, a varint or a fixed-width value. */
  | 'truncated'
  /** A varint of more than 10 bytes or 64 bits. */
  | 'varint-too-long'
  /** A length that reaches past the end of the message around it. */
  | 'length-out-of-bounds'
  /** Field number 0, or a tag beyond 32 bits. */
  | 'bad-field-number'
  /** A group (wire types 3, 4), or wire type 6 or 7. */
  | 'bad-wire-type'
  /** A known field in another wire type than its definition says. */
  | 'unexpected-wire-type'
  /** Messages nested deeper than their bound. */
  | 'too-deep';

/** The bytes are no well-formed protobuf. `offset` counts bytes from the start of the outermost message. */
export class WireError extends Error {
  override readonly name = 'WireError';

  constructor(
    readonly code: WireErrorCode,
    readonly offset: number,
    what: string,
  ) {
    super(`malformed protobuf at byte ${offset}: ${what}`);
  }
}

/**
 * A cursor over one protobuf message. Value readers (`varint`, `fixed64`, `delimited`, ...) apply to the field that
 * `next` has announced, and throw WireError `unexpected-wire-type` unless its wire type is theirs.
 */
export class WireReader {
  bytes: Uint8Array = new Uint8Array(0);
  /** The same bytes. */
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Next byte to read. Move it only over what `delimited` has announced. */
  pos = 0;
  /** End of the message being walked: `pos` never passes it. */
  end = 0;

  /** Number and wire type of the current field. */
  field = 0;
  wireType = 0;

  /** Halves of the last 64-bit value, as signed 32-bit integers. */
  lo = 0;
  hi = 0;

  /** Starts over with a whole message. */
  reset(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.pos = 0;
    this.end = bytes.byteLength;
  }

  /** Starts over with a part of the bytes, whose bounds `delimited` has vouched for. */
  within(start: number, end: number): void {
    this.pos = start;
    this.end = end;
  }

  /** Moves to the next field of the message; false at its end. */
  next(): boolean {
    const at = this.pos;
    if (at >= this.end) return false;
    let tag = this.view.getUint8(at);
    if (tag < 0x80) this.pos = at + 1;
    else tag = this.longTag();
    const wireType = tag & 7;
    if (tag >>> 3 === 0) throw new WireError('bad-field-number', at, 'field number 0, must be 1 or more');
    if (wireType > WireType.delimited && wireType !== WireType.fixed32) throw badWireType(wireType, at);
    this.field = tag >>> 3;
    this.wireType = wireType;
    return true;
  }

  /** Steps over the current field's value. */
  skip(): void {
    switch (this.wireType) {
      case WireType.varint:
        this.rawVarint();
        break;
      case WireType.delimited: {
        const length = this.delimited();
        this.pos += length;
        break;
      }
      case WireType.fixed64:
        this.advance(8);
        break;
      default:
        this.advance(4);
    }
  }

  /** Reads a varint into `lo` and `hi`, and returns `lo`: the value of an enum, int32 or bool. */
  varint(): number {
    this.expect(WireType.varint);
    this.rawVarint();
    return this.lo;
  }

  /** Reads a fixed64, sfixed64 or double into `lo` and `hi`. */
  fixed64(): void {
    this.expect(WireType.fixed64);
    const at = this.advance(8);
    this.lo = this.view.getInt32(at, true);
    this.hi = this.view.getInt32(at + 4, true);
  }

  double(): number {
    this.expect(WireType.fixed64);
    return this.view.getFloat64(this.advance(8), true);
  }

  /** Reads a fixed32 as an unsigned integer. */
  fixed32(): number {
    this.expect(WireType.fixed32);
    return this.view.getUint32(this.advance(4), true);
  }

  /** Reads a length, and leaves `pos` at the first of as many bytes, all of them within the message. */
  delimited(): number {
    this.expect(WireType.delimited);
    const at = this.pos;
    this.rawVarint();
    const { lo, hi } = this;
    if (hi !== 0 || lo < 0 || lo > this.end - this.pos) {
      const length = (hi >>> 0) * 2 ** 32 + (lo >>> 0);
      throw new WireError(
        'length-out-of-bounds',
        at,
        `length ${length}, ${this.end - this.pos} bytes are left`,
      );
    }
    return lo;
  }

  /** Goes into the current field's submessage. Returns what `leave` needs. */
  enter(): number {
    const length = this.delimited();
    const outerEnd = this.end;
    this.end = this.pos + length;
    return outerEnd;
  }

  /** Goes on behind the submessage, read to its end or not. */
  leave(outerEnd: number): void {
    this.pos = this.end;
    this.end = outerEnd;
  }

  private expect(wireType: number): void {
    if (this.wireType !== wireType) {
      const what = `field ${this.field} has wire type ${this.wireType}, must have ${wireType}`;
      throw new WireError('unexpected-wire-type', this.pos, what);
    }
  }

  private advance(length: number): number {
    const at = this.pos;
    if (length > this.end - at) throw truncated(this.end);
    this.pos = at + length;
    return at;
  }

  private longTag(): number {
    const at = this.pos;
    this.rawVarint();
    if (this.hi !== 0) throw new WireError('bad-field-number', at, 'field number beyond 2^29 - 1');
    return this.lo;
  }

  private rawVarint(): void {
    const first = this.pos < this.end ? this.view.getUint8(this.pos) : 0x80;
    if (first < 0x80) {
      this.pos += 1;
      this.lo = first;
      this.hi = 0;
    } else {
      this.longVarint();
    }
  }

  private longVarint(): void {
    const { view, end, pos: start } = this;
    let lo = 0;
    let hi = 0;
    for (let i = 0; i < 10; i += 1) {
      const at = start + i;
      if (at >= end) throw truncated(end);
      const byte = view.getUint8(at);
      const bits = byte & 0x7f;
      if (i < 4) lo |= bits << (7 * i);
      else if (i === 4) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else hi |= bits << (7 * i - 32);
      if (byte < 0x80) {
        if (i === 9 && byte > 1) break;
        this.pos = at + 1;
        this.lo = lo;
        this.hi = hi;
        return;
      }
    }
    throw new WireError(
      'varint-too-long',
      start,
      'varint beyond 64 bits, may have 10 bytes, the last at most 1',
    );
  }
}

function truncated(end: number): WireError {
  return new WireError('truncated', end, 'the bytes end inside a field');
}

function badWireType(wireType: number, at: number): WireError {
  const isGroup = wireType === WireType.startGroup || wireType === WireType.endGroup;
  const what = isGroup ? `a group (wire type ${wireType}), which OTLP has none of` : `wire type ${wireType}`;
  return new WireError('bad-wire-type', at, `${what}, must be 0, 1, 2 or 5`);
}
