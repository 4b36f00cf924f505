import type { FrameCodec, FrameScanner, FrameSink, ScanBounds } from '../../codecs/codec.js';
import type { Guard } from '../../guard.js';

/** What is told of bytes that a codec has failed on. */
const CODEC_FAILED = 'codec_failed';

/** One direction's scanner, which a codec that throws does not stop: it begins anew with the next bytes. */
export class Scan {
  #scanner: FrameScanner | undefined;

  constructor(
    private readonly codec: FrameCodec,
    private readonly sink: FrameSink,
    private readonly bounds: ScanBounds,
    private readonly guard: Guard,
  ) {}

  bytes(bytes: Buffer): void {
    if (
      this.#try((scanner) => {
        scanner.scan(bytes);
      })
    )
      return;
    this.#scanner = undefined;
    this.guard.run(() => {
      this.sink.garbage(bytes.length, CODEC_FAILED);
    });
  }

  end(): void {
    this.#try((scanner) => {
      scanner.end();
    });
  }

  #try(work: (scanner: FrameScanner) => void): boolean {
    const done = this.guard.run(() => {
      work((this.#scanner ??= this.codec.scanner(this.sink, this.bounds)));
      return true;
    });
    return done === true;
  }
}

/** The bytes of what streams take and give; undefined for what they refuse. */
export function bytesOf(chunk: unknown, encoding: unknown): Buffer | undefined {
  if (typeof chunk === 'string') return isEncoding(encoding) ? Buffer.from(chunk, encoding) : undefined;
  if (Buffer.isBuffer(chunk)) return chunk;
  return chunk instanceof Uint8Array
    ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    : undefined;
}

/** Their number, as far as it is known without making them. */
export function lengthOf(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string') return isEncoding(encoding) ? Buffer.byteLength(chunk, encoding) : 0;
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}

function isEncoding(encoding: unknown): encoding is BufferEncoding {
  return typeof encoding === 'string' && Buffer.isEncoding(encoding);
}
