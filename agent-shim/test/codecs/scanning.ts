import fc from 'fast-check';
import type { FrameCodec, ScanBounds, ScannedFrame } from '../../src/index.js';

export const BOUNDS: ScanBounds = { frameBytesMax: 65_536, describedBytesMax: 65_536 };

export interface Scanned {
  /** Payload as latin1, or undefined where it was not kept; and bytes in the stream. */
  readonly frames: (readonly [string | undefined, number])[];
  readonly garbage: (readonly [number, string])[];
  /** Bytes of it. */
  readonly skipped: number;
}

function isJson(payload: Buffer): boolean {
  try {
    JSON.parse(String(payload));
    return true;
  } catch {
    return false;
  }
}

/** Everything that a scanner tells of chunks that end. Each chunk is overwritten once scanned: its memory is not ours. */
export function scan(codec: FrameCodec, chunks: readonly Buffer[], bounds = BOUNDS): Scanned {
  const frames: (readonly [string | undefined, number])[] = [];
  const garbage: (readonly [number, string])[] = [];
  const sink = {
    frame: ({ payload, size }: ScannedFrame) => void frames.push([payload?.toString('latin1'), size]),
    reads: isJson,
    garbage: (bytes: number, reason: string) => void garbage.push([bytes, reason]),
  };
  const scanner = codec.scanner(sink, bounds);
  for (const chunk of chunks) {
    const lent = Buffer.from(chunk);
    scanner.scan(lent);
    lent.fill(0xaa);
  }
  scanner.end();
  return { frames, garbage, skipped: garbage.reduce((sum, [bytes]) => sum + bytes, 0) };
}

/** Bytes, cut anywhere; also into single bytes, and not at all. */
export function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((at) => at % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
}

export const cuts = fc.oneof(
  fc.constant<number[]>([]),
  fc.array(fc.nat({ max: 10_000 }), { maxLength: 40 }),
  fc.constant(Array.from({ length: 10_000 }, (_, at) => at)),
);

export const json = fc.json({ maxDepth: 2 }).map((text) => Buffer.from(text));

/** How an application frames a payload, by codec. */
export const ENCODERS: Readonly<Record<string, (payload: Buffer) => Buffer>> = {
  qtx1: (payload) => Buffer.concat([Buffer.from('51545801', 'hex'), uint32(payload.length), payload]),
  'length-prefix': (payload) => Buffer.concat([uint32(payload.length), payload]),
  'varint-prefix': (payload) => Buffer.concat([varint(payload.length), payload]),
  ndjson: (payload) => Buffer.concat([payload, Buffer.from('\n')]),
};

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}
