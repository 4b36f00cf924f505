import type { Readable } from 'node:stream';
import type { ChannelEnd } from '../../channel-end.js';
import type { FrameCodec, FrameSink, ScanBounds, ScannedFrame } from '../../codecs/codec.js';
import type { Guard } from '../../guard.js';
import type { Received } from '../../recorder/recorder.js';
import { bytesOf, lengthOf, Scan } from './scan.js';

/**
 * What the application reads. Node emits `data` for whatever leaves a stream's buffer, be it for a listener, a pipe, an
 * iterator or a call of `read`; what has only arrived is not received.
 */
export class Incoming implements FrameSink {
  readonly #scan: Scan;
  /** Of the chunk that is being delivered. */
  #arrived: Received[] = [];
  /** Bytes that were delivered, and that the application has put back: they will be delivered again. */
  #delivered = 0;
  #returned = 0;

  constructor(
    private readonly stream: Readable,
    private readonly channel: () => ChannelEnd | undefined,
    guard: Guard,
    codec: FrameCodec,
    bounds: ScanBounds,
    /** Looks at each frame first. */
    private readonly identify: (payload: Buffer | undefined) => void,
  ) {
    this.#scan = new Scan(codec, this, bounds, guard);
  }

  frame({ payload, size }: ScannedFrame): void {
    this.identify(payload);
    const received = this.channel()?.receive({ data: payload, type: 'stream', size });
    if (received !== undefined) this.#arrived.push(received);
  }

  reads(payload: Buffer): boolean {
    return this.channel()?.reads({ data: payload, type: 'stream', size: payload.length }, 'in') === true;
  }

  garbage(bytes: number, reason: string): void {
    this.channel()?.undecodable(reason, bytes);
  }

  /** A chunk is about to be delivered. */
  delivers(chunk: unknown): void {
    const bytes = bytesOf(chunk, this.stream.readableEncoding ?? 'utf8');
    if (bytes === undefined) return;
    const again = Math.min(this.#returned, bytes.length);
    this.#returned -= again;
    this.#delivered += bytes.length - again;
    if (again < bytes.length) this.#scan.bytes(bytes.subarray(again));
  }

  /** It has been: whoever listens has run as far as it goes at once. */
  delivered(): void {
    for (const received of this.#arrived.splice(0)) this.channel()?.routed(received);
  }

  /** The application puts back what it has read. What it had not read from here (the head of an upgrade) is new. */
  putBack(chunk: unknown, encoding: unknown): void {
    const bytes = lengthOf(chunk, typeof encoding === 'string' ? encoding : 'utf8');
    this.#returned = Math.min(this.#returned + bytes, this.#delivered);
  }

  /** Nothing more comes. */
  end(): void {
    this.#scan.end();
  }
}
