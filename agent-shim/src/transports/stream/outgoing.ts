import type { Writable } from 'node:stream';
import type { ChannelEnd } from '../../channel-end.js';
import type { FrameCodec, FrameSink, ScanBounds, ScannedFrame } from '../../codecs/codec.js';
import type { Guard } from '../../guard.js';
import type { WriteEnd } from '../../recorder/recorder.js';
import type { Hooks } from './hooks.js';
import { bytesOf, lengthOf, Scan } from './scan.js';

/** A frame that was handed over whole, and where in the stream it ends. */
interface Handed {
  readonly end: number;
  readonly begin: () => WriteEnd;
}

interface Begun {
  readonly end: number;
  readonly done: WriteEnd;
}

/** Node keeps this to itself; without it, strings count as UTF-8. */
interface Internals {
  readonly _writableState?: { readonly defaultEncoding?: string };
}

/**
 * What the application writes. `write` and `end` show what it hands over, and the stream's own `_write` and `_writev`
 * when the bytes are offered to the transport and when that has them: their callback is what Node itself waits for. So
 * no callback is added to a write, which would change when Node tells of it. Which frames a callback is about is known by
 * their place in the stream.
 */
export class Outgoing implements FrameSink {
  readonly #scan: Scan;
  readonly #waiting: Handed[] = [];
  readonly #writing: Begun[] = [];
  /** Bytes, from where it was joined: handed over, offered to the transport, written by it. */
  #handed = 0;
  #begun = 0;
  #written = 0;
  #joined = false;
  #inEnd = false;

  constructor(
    private readonly stream: Writable,
    private readonly channel: () => ChannelEnd | undefined,
    private readonly guard: Guard,
    codec: FrameCodec,
    bounds: ScanBounds,
  ) {
    this.#scan = new Scan(codec, this, bounds, guard);
  }

  watch(hooks: Hooks): void {
    const { guard, stream } = this;
    hooks.replace(stream, 'write', (call, [chunk, encoding]) => {
      // The `end` of some streams calls `write`.
      if (!this.#inEnd)
        guard.run(() => {
          this.#hand(chunk, encoding);
        });
      return call();
    });
    hooks.replace(stream, 'end', (call, [chunk, encoding]) => {
      guard.run(() => {
        this.#hand(chunk, encoding);
      });
      this.#inEnd = true;
      try {
        return call();
      } finally {
        this.#inEnd = false;
      }
    });
    hooks.replace(stream, '_write', (call, args) => {
      this.#offered(args, 2, () => lengthOf(args[0], args[1]));
      return call();
    });
    hooks.replace(stream, '_writev', (call, args) => {
      const chunks = args[0] as readonly { readonly chunk: unknown; readonly encoding: unknown }[];
      this.#offered(args, 1, () =>
        chunks.reduce((sum, { chunk, encoding }) => sum + lengthOf(chunk, encoding), 0),
      );
      return call();
    });
  }

  frame({ payload, size }: ScannedFrame): void {
    const begin = this.channel()?.handOver({ data: payload, type: 'stream', size });
    if (begin !== undefined) this.#waiting.push({ end: this.#handed, begin });
  }

  reads(payload: Buffer): boolean {
    return this.channel()?.reads({ data: payload, type: 'stream', size: payload.length }, 'out') === true;
  }

  garbage(bytes: number, reason: string): void {
    this.channel()?.malformed({ data: undefined, type: 'stream', size: bytes }, reason);
  }

  /** Before the stream gets a chunk, which it may offer to the transport at once. */
  #hand(chunk: unknown, encoding: unknown): void {
    const { stream } = this;
    // It is joined where nothing waits: what waits was handed over before anybody looked.
    this.#joined ||= !(stream.writableLength > 0); // old streams do not say
    if (!this.#joined || !stream.writable) return; // the stream will refuse it
    const fallback = (stream as Internals)._writableState?.defaultEncoding ?? 'utf8';
    const bytes = bytesOf(chunk, typeof encoding === 'string' ? encoding : fallback);
    if (bytes === undefined) return;
    this.#handed += bytes.length;
    this.#scan.bytes(bytes);
  }

  /** Puts a callback that looks on in the place of Node's, which it calls. */
  #offered(args: unknown[], at: number, length: () => number): void {
    const callback = args[at];
    if (!this.#joined || typeof callback !== 'function') return;
    const bytes = this.guard.run(length) ?? 0;
    this.guard.run(() => {
      this.#begin(bytes);
    });
    args[at] = (...results: unknown[]): unknown => {
      this.guard.run(() => {
        this.#end(bytes, results[0]);
      });
      return Reflect.apply(callback, undefined, results) as unknown;
    };
  }

  #begin(bytes: number): void {
    this.#begun += bytes;
    for (const { end, begin } of upTo(this.#waiting, this.#begun)) this.#writing.push({ end, done: begin() });
  }

  #end(bytes: number, error: unknown): void {
    this.#written += bytes;
    for (const { done } of upTo(this.#writing, this.#written)) done(error);
  }
}

/** Takes those that end at or before a place. */
function upTo<T extends { readonly end: number }>(frames: T[], place: number): T[] {
  const after = frames.findIndex(({ end }) => end > place);
  return frames.splice(0, after < 0 ? frames.length : after);
}
