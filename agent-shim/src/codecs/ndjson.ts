import { GARBAGE, type FrameCodec, type FrameScanner, type FrameSink, type ScanBounds } from './codec.js';
import { Payload } from './payload.js';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** One frame a line, such as newline-delimited JSON. Empty lines are none: they keep connections open. */
export const ndjson: FrameCodec = {
  name: 'ndjson',
  scanner: (sink, bounds) => new LineScanner(sink, bounds),
};

class LineScanner implements FrameScanner {
  readonly #line: Payload;
  /** The line is longer than any frame: it is skipped up to its end. */
  #overlong = false;

  constructor(
    private readonly sink: FrameSink,
    private readonly bounds: ScanBounds,
  ) {
    this.#line = new Payload(bounds.describedBytesMax);
  }

  scan(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, at);
      const end = newline < 0 ? chunk.length : newline;
      this.#add(chunk.subarray(at, end), newline >= 0);
      at = end + 1;
    }
  }

  end(): void {
    if (this.#line.length > 0) this.sink.garbage(this.#line.length, GARBAGE.truncated);
    this.#line.take();
    this.#overlong = false;
  }

  #add(piece: Buffer, ends: boolean): void {
    if (this.#overlong || this.#line.length + piece.length > this.bounds.frameBytesMax) {
      this.sink.garbage(this.#line.length + piece.length + (ends ? 1 : 0), GARBAGE.overLimit);
      this.#line.take();
      this.#overlong = !ends;
      return;
    }
    if (!ends) {
      this.#line.add(piece);
      return;
    }
    const length = this.#line.length + piece.length;
    if (this.#line.length > 0) this.#line.add(piece);
    const whole = this.#line.length > 0 ? this.#line.take() : kept(piece, this.bounds.describedBytesMax);
    const payload = whole?.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
    if (payload?.length !== 0) this.sink.frame({ payload, size: length + 1 });
  }
}

function kept(line: Buffer, bytesMax: number): Buffer | undefined {
  return line.length <= bytesMax ? line : undefined;
}
