/** A frame that a scanner has found. */
export interface ScannedFrame {
  /**
   * What `describeFrame` gets: without header or delimiter. Undefined where it is longer than is kept for it. It may be a
   * view of the application's own bytes: not to be changed, and not to be kept.
   */
  readonly payload: Buffer | undefined;
  /** Bytes in the stream, header or delimiter included. */
  readonly size: number;
}

/** Where a scanner tells what it finds, in the order of the bytes. */
export interface FrameSink {
  frame(frame: ScannedFrame): void;
  /** Whether it can be read, and so is a payload: asked where the borders of frames have been lost. */
  reads(payload: Buffer): boolean;
  /**
   * Bytes that belong to no frame; told once for all that one chunk brought in a row.
   *
   * @param reason short and of few kinds, for `error.type`
   */
  garbage(bytes: number, reason: string): void;
}

/** Finds frames in the bytes of one direction of one connection, however they are cut into chunks. */
export interface FrameScanner {
  /** Never keeps `chunk`: its memory is the application's. */
  scan(chunk: Buffer): void;
  /** No more bytes come: a frame that has begun is garbage. */
  end(): void;
}

export interface ScanBounds {
  /** A frame whose payload claims to be longer is taken for garbage. Bytes. */
  readonly frameBytesMax: number;
  /** Payloads are collected up to this, in bytes; longer ones are counted and not described. */
  readonly describedBytesMax: number;
}

/** How an application cuts a stream of bytes into frames. */
export interface FrameCodec {
  readonly name: string;
  scanner(sink: FrameSink, bounds: ScanBounds): FrameScanner;
}

/** What a scanner says of bytes that are no frame, in `error.type`. */
export const GARBAGE = {
  noMagic: 'no_magic',
  overLimit: 'length_over_limit',
  badLength: 'bad_length',
  /** It looked like a frame where the borders had been lost, and could not be read. */
  unreadable: 'unreadable',
  /** The stream ended in it. */
  truncated: 'truncated',
} as const;
