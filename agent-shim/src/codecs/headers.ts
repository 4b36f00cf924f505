import { GARBAGE, type FrameCodec } from './codec.js';
import { HeaderScanner, type Header, type HeaderFormat, type Malformed } from './header-scanner.js';

/** `Q`, `T`, `X`, 1. */
const QTX1_MAGIC = Buffer.from([0x51, 0x54, 0x58, 0x01]);

/** Bytes of a 4-byte big-endian length. */
const LENGTH_BYTES = 4;

/** A length of 32 bits in groups of seven. */
const VARINT_BYTES_MAX = 5;

const NO_MAGIC: Malformed = { malformed: GARBAGE.noMagic };
const BAD_LENGTH: Malformed = { malformed: GARBAGE.badLength };

/** A codec for frames that begin with a header which says how long they are; an application's own is made of this. */
export function headerCodec(format: HeaderFormat): FrameCodec {
  return { name: format.name, scanner: (sink, bounds) => new HeaderScanner(format, sink, bounds) };
}

/** The magic `QTX1` (51 54 58 01), the payload's length in 4 bytes, big-endian, the payload. */
export const qtx1: FrameCodec = headerCodec({
  name: 'qtx1',
  magic: QTX1_MAGIC,
  headerBytesMax: QTX1_MAGIC.length + LENGTH_BYTES,
  readHeader(bytes, at) {
    const there = Math.min(QTX1_MAGIC.length, bytes.length - at);
    for (let index = 0; index < there; index++) if (bytes[at + index] !== QTX1_MAGIC[index]) return NO_MAGIC;
    return lengthAt(bytes, at + QTX1_MAGIC.length, QTX1_MAGIC.length);
  },
});

/** The payload's length in 4 bytes, big-endian, the payload. */
export const lengthPrefix: FrameCodec = headerCodec({
  name: 'length-prefix',
  headerBytesMax: LENGTH_BYTES,
  readHeader: (bytes, at) => lengthAt(bytes, at, 0),
});

/** The payload's length as a varint, as protobuf's delimited messages have it, the payload. */
export const varintPrefix: FrameCodec = headerCodec({
  name: 'varint-prefix',
  headerBytesMax: VARINT_BYTES_MAX,
  readHeader(bytes, at) {
    let length = 0;
    for (let index = 0; index < VARINT_BYTES_MAX; index++) {
      const byte = bytes[at + index];
      if (byte === undefined) return 'incomplete';
      length += (byte & 0x7f) * 2 ** (7 * index); // no shift: that would be of 32 bits, with a sign
      if (byte < 0x80) return { headerBytes: index + 1, payloadBytes: length };
    }
    return BAD_LENGTH;
  },
});

function lengthAt(bytes: Buffer, at: number, before: number): Header | 'incomplete' {
  if (bytes.length < at + LENGTH_BYTES) return 'incomplete';
  return { headerBytes: before + LENGTH_BYTES, payloadBytes: bytes.readUInt32BE(at) };
}
