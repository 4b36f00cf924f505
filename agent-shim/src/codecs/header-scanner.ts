import { GARBAGE, type FrameScanner, type FrameSink, type ScanBounds } from './codec.js';
import { Payload } from './payload.js';

/** What a header says. */
export interface Header {
  /** Bytes of the header itself. */
  readonly headerBytes: number;
  /** Bytes that follow it and belong to the frame. */
  readonly payloadBytes: number;
}

/** No frame begins here; why, in short. */
export interface Malformed {
  readonly malformed: string;
}

/** Of frames that begin with a header which says how long they are. */
export interface HeaderFormat {
  readonly name: string;
  /** No header is longer, in bytes. */
  readonly headerBytesMax: number;
  /** The bytes with which each header begins, if it does: there the next frame can be found after garbage. */
  readonly magic?: Uint8Array;
  /**
   * Reads the header that should begin at `at`. `incomplete`: it may be one, and more bytes are needed to tell. Called for
   * each byte of garbage, so a constant is the right answer to that.
   */
  readHeader(bytes: Buffer, at: number): Header | Malformed | 'incomplete';
}

const NONE = Buffer.alloc(0);
const OVER_LIMIT: Malformed = { malformed: GARBAGE.overLimit };

/**
 * Where borders are lost and there is no magic, payloads are tried up to this, in bytes: of a longer one too much would
 * have to come first, on channels where little does.
 */
const TRIED_BYTES_MAX = 1_024;

/** So many are tried after a loss, and then one for so many bytes: each is an attempt to read what is probably no frame. */
const TRIES = 256;
const BYTES_FOR_A_TRY = 256;

/**
 * Follows headers from frame to frame. Where none can be, the borders are lost: it goes on byte by byte to the next thing
 * that can be a header. With a magic that is one. Without, almost anything is: it counts only once its payload can be read.
 */
export class HeaderScanner implements FrameScanner {
  readonly #payload: Payload;
  /** The beginning of a header whose rest has not come. */
  #carried = NONE;
  /** The frame being read, and what of its payload is missing. */
  #frame: Header | undefined;
  #missing = 0;
  #lost = false;
  #tries = TRIES;
  #skipped = 0;
  #reason = '';

  constructor(
    private readonly format: HeaderFormat,
    private readonly sink: FrameSink,
    private readonly bounds: ScanBounds,
  ) {
    this.#payload = new Payload(bounds.describedBytesMax);
  }

  scan(chunk: Buffer): void {
    const bytes = this.#carried.length === 0 ? chunk : Buffer.concat([this.#carried, chunk]);
    this.#carried = NONE;
    let at = 0;
    while (at < bytes.length)
      at = this.#frame === undefined ? this.#begin(bytes, at) : this.#continue(this.#frame, bytes, at);
    this.#tellSkipped();
  }

  end(): void {
    const begun = this.#frame === undefined ? 0 : this.#frame.headerBytes + this.#payload.length;
    this.#skip(begun + this.#carried.length, GARBAGE.truncated);
    this.#tellSkipped();
    this.#frame = undefined;
    this.#carried = NONE;
    this.#payload.take();
  }

  /** @returns where to go on */
  #begin(bytes: Buffer, at: number): number {
    const header = this.#headerAt(bytes, at);
    if (header === 'incomplete') {
      this.#carried = Buffer.from(bytes.subarray(at));
      return bytes.length;
    }
    if ('malformed' in header) return this.#lose(bytes, at, header.malformed);
    if (this.#lost && this.format.magic === undefined) return this.#try(header, bytes, at);
    const begin = at + header.headerBytes;
    const end = begin + header.payloadBytes;
    if (end > bytes.length) {
      this.#frame = header;
      this.#missing = header.payloadBytes;
      return begin;
    }
    const kept = header.payloadBytes <= this.bounds.describedBytesMax;
    this.#found(header, kept ? bytes.subarray(begin, end) : undefined);
    return end;
  }

  #lose(bytes: Buffer, at: number, reason: string): number {
    if (!this.#lost) this.#tries = TRIES;
    this.#lost = true;
    const next = this.#nextMagic(bytes, at + 1);
    this.#skip(next - at, reason);
    return next;
  }

  /** Whether there is a frame where the borders are lost; otherwise one may begin at the next byte. */
  #try(header: Header, bytes: Buffer, at: number): number {
    const { headerBytes, payloadBytes } = header;
    if (payloadBytes === 0 || payloadBytes > TRIED_BYTES_MAX || this.#tries < 1) {
      this.#skip(1, GARBAGE.unreadable);
      return at + 1;
    }
    const begin = at + headerBytes;
    const end = begin + payloadBytes;
    if (end > bytes.length) {
      this.#carried = Buffer.from(bytes.subarray(at));
      return bytes.length;
    }
    this.#tries -= 1;
    const payload = bytes.subarray(begin, end);
    if (!this.sink.reads(payload)) {
      this.#skip(1, GARBAGE.unreadable);
      return at + 1;
    }
    this.#found(header, payload);
    return end;
  }

  #headerAt(bytes: Buffer, at: number): Header | Malformed | 'incomplete' {
    const { format, bounds } = this;
    const header = format.readHeader(bytes, at);
    if (header === 'incomplete')
      return bytes.length - at < format.headerBytesMax ? header : { malformed: GARBAGE.badLength };
    return 'payloadBytes' in header && header.payloadBytes > bounds.frameBytesMax ? OVER_LIMIT : header;
  }

  #nextMagic(bytes: Buffer, from: number): number {
    const { magic } = this.format;
    if (magic === undefined) return from;
    const found = bytes.indexOf(magic, from);
    // The last bytes may be the beginning of one.
    return found < 0 ? Math.max(from, bytes.length - magic.length + 1) : found;
  }

  #continue(header: Header, bytes: Buffer, at: number): number {
    const end = Math.min(at + this.#missing, bytes.length);
    this.#payload.add(bytes.subarray(at, end));
    this.#missing -= end - at;
    if (this.#missing > 0) return end;
    this.#frame = undefined;
    this.#found(header, this.#payload.take());
    return end;
  }

  #found({ headerBytes, payloadBytes }: Header, payload: Buffer | undefined): void {
    this.#lost = false;
    this.#tellSkipped();
    this.sink.frame({ payload, size: headerBytes + payloadBytes });
  }

  #skip(bytes: number, reason: string): void {
    if (this.#skipped === 0) this.#reason = reason;
    this.#skipped += bytes;
    this.#tries = Math.min(TRIES, this.#tries + bytes / BYTES_FOR_A_TRY);
  }

  #tellSkipped(): void {
    if (this.#skipped > 0) this.sink.garbage(this.#skipped, this.#reason);
    this.#skipped = 0;
  }
}
