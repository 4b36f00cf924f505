import type { Readable, Writable } from 'node:stream';
import type { ConnectPhase } from '@halfopen/telemetry';
import { ChannelEnd, type Address, type TransportClaims } from '../../channel-end.js';
import { Guard } from '../../guard.js';
import type { Channel, ChannelIdentity } from '../../options.js';
import { failedAttempt } from '../attempts.js';
import { Closer } from './closing.js';
import { Hooks } from './hooks.js';
import { Incoming } from './incoming.js';
import { isRead } from './liveness.js';
import type { ByteStream, StreamOptions, StreamPair } from './options.js';
import { Outgoing } from './outgoing.js';
import { addressOf, connectionIdOfSession, isPending, phaseOf } from './sockets.js';

const FRAME_BYTES_MAX = 16 * 1_048_576;
const DESCRIBED_BYTES_MAX = 1_048_576;

/** After so long without a frame that introduces the peer, the connection is told of as it is. ms. */
const INTRODUCTION_MS = 5_000;

/** Watches one connection over streams, for as long as it lasts. What its application may tell goes to its channel. */
export class WatchedStream implements Channel {
  readonly #guard = new Guard();
  readonly #hooks = new Hooks();
  readonly #closer = new Closer();
  readonly #readable: Readable;
  readonly #writable: Writable;
  readonly #incoming: Incoming;
  /** What has yet to close; whether the transport is open, and whether that is told. */
  readonly #open = { parts: new Set<Readable | Writable>(), transport: false, told: false };
  #channel: ChannelEnd | undefined;
  #connectionId: string | undefined;
  #introduced: boolean;
  #introduction: NodeJS.Timeout | undefined;
  #phase: ConnectPhase | undefined;
  #address: Address | undefined;
  #closed = false;
  #deliveredAt_ms = performance.now();
  #pausedAt_ms: number | undefined;

  constructor(
    stream: ByteStream,
    private readonly options: StreamOptions,
    private readonly onClosed: () => void = () => undefined,
  ) {
    const { readable, writable } = partsOf(stream);
    this.#readable = readable;
    this.#writable = writable;
    this.#introduced = options.identify === undefined;
    this.#connectionId = options.connectionId;
    this.#channel = options.channel === undefined ? undefined : this.#end(options.channel);
    const { frameBytesMax = FRAME_BYTES_MAX, describedBytesMax = DESCRIBED_BYTES_MAX, codec } = options;
    const bounds = { frameBytesMax, describedBytesMax };
    const channel = (): ChannelEnd | undefined => this.#channel;
    this.#incoming = new Incoming(readable, channel, this.#guard, codec, bounds, (payload) => {
      this.#identify(payload);
    });
    this.#guard.run(() => {
      new Outgoing(writable, channel, this.#guard, codec, bounds).watch(this.#hooks);
      this.#watch();
      this.#progress();
    });
  }

  get connectionId(): string | undefined {
    return this.#channel?.connectionId;
  }

  enqueue(data: unknown): void {
    this.#channel?.enqueue(data);
  }

  discard(frameId: string, reason: string): void {
    this.#channel?.discard(frameId, reason);
  }

  execute<T>(frameId: string, handler: () => T): T {
    return this.#channel === undefined ? handler() : this.#channel.execute(frameId, handler);
  }

  unrouted(frameId: string): void {
    this.#channel?.unrouted(frameId);
  }

  undecodable(decodeError: string): void {
    this.#channel?.undecodable(decodeError);
  }

  report(): void {
    this.#channel?.report();
  }

  /** Gives the methods back; what was seen of the connection stays told. */
  release(): void {
    clearTimeout(this.#introduction);
    this.#hooks.release();
    this.#channel?.released();
  }

  #watch(): void {
    const hooks = this.#hooks;
    const [readable, writable] = [this.#readable, this.#writable] as const;
    for (const stream of new Set<Readable | Writable>([readable, writable])) {
      hooks.replace(stream, 'emit', (call, [event, ...args]) => this.#emits(stream, event, args, call));
      // A process cannot close its own standard output.
      if (stream !== process.stdout) this.#open.parts.add(stream);
    }
    hooks.replace(readable, 'unshift', (call, [chunk, encoding]) => {
      this.#guard.run(() => {
        this.#incoming.putBack(chunk, encoding);
      });
      return call();
    });
    hooks.replace(readable, 'destroy', (call, [error]) => {
      this.#guard.run(() => {
        this.#closer.destroyed(error);
      });
      return call();
    });
    hooks.replace(writable, 'end', (call) => {
      this.#closer.ends();
      return call();
    });
  }

  #emits(
    stream: Readable | Writable,
    event: unknown,
    args: readonly unknown[],
    call: () => unknown,
  ): unknown {
    if (event === 'data' && stream === this.#readable) return this.#data(args[0], call);
    this.#guard.run(() => {
      this.#observe(stream, event, args[0]);
    });
    return call();
  }

  #data(chunk: unknown, call: () => unknown): unknown {
    this.#deliveredAt_ms = performance.now();
    this.#guard.run(() => {
      this.#incoming.delivers(chunk);
    });
    try {
      return call();
    } finally {
      this.#guard.run(() => {
        this.#incoming.delivered();
      });
    }
  }

  #observe(stream: Readable | Writable, event: unknown, detail: unknown): void {
    switch (event) {
      case 'connect':
      case 'secureConnect':
      case 'ready':
        this.#progress();
        return;
      case 'pause':
        this.#pausedAt_ms ??= performance.now();
        return;
      case 'resume':
        this.#pausedAt_ms = undefined;
        return;
      case 'error':
        this.#closer.destroyed(detail);
        if (!this.#open.transport) this.#channel?.attempted(failedAttempt(detail, this.#phase));
        return;
      case 'end':
        if (stream === this.#readable) this.#ended();
        return;
      case 'close':
        this.#open.parts.delete(stream);
        if (this.#open.parts.size === 0) this.#close();
        return;
      default:
        return;
    }
  }

  /** The transport may have come a phase further. */
  #progress(): void {
    this.#phase = phaseOf(this.#writable);
    if (this.#open.transport || isPending(this.#readable) || isPending(this.#writable)) return;
    this.#open.transport = true;
    this.#connectionId ??= this.#guard.run(() => connectionIdOfSession(this.#writable));
    this.#address = addressOf(this.#writable, this.options.end);
    if (this.#introduced) this.#tellOpen();
    else {
      this.#introduction = setTimeout(() => {
        this.#guard.run(() => {
          this.#tellOpen();
        });
      }, INTRODUCTION_MS).unref();
    }
  }

  #tellOpen(): void {
    clearTimeout(this.#introduction);
    if (this.#open.told || this.#channel === undefined) return;
    this.#open.told = true;
    this.#channel.opened(this.#connectionId, this.#phase);
  }

  #identify(payload: Buffer | undefined): void {
    if (this.#introduced || payload === undefined) return;
    const said = this.#guard.run(() => this.options.identify?.(payload));
    if (said === undefined) return;
    this.#introduced = true;
    this.#connectionId = said.connectionId ?? this.#connectionId;
    if (said.channel !== undefined) this.#channel ??= this.#end(said.channel);
    if (!this.#open.told) this.#phase = 'hello';
    this.#tellOpen();
  }

  #ended(): void {
    this.#closer.peerEnds();
    this.#incoming.end();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#open.transport) this.#tellOpen();
    else this.#channel?.attempted(failedAttempt(undefined, this.#phase));
    if (!this.#readable.readableEnded) this.#incoming.end();
    this.#channel?.closed({ initiator: this.#closer.initiator });
    this.release();
    this.onClosed();
  }

  #end(identity: ChannelIdentity): ChannelEnd {
    const { options } = this;
    const { beliefs } = options;
    const address = (): Address | undefined => this.#address;
    return new ChannelEnd({
      end: options.end,
      transport: options.transport,
      frameType: 'stream',
      identity,
      options,
      beliefs: beliefs === undefined ? undefined : () => beliefs(identity),
      claims: () => this.#claims(),
      get address() {
        return address();
      },
    });
  }

  #claims(): TransportClaims {
    const open = this.#open.transport && !this.#closed && !this.#readable.destroyed;
    const readings = { pausedAt_ms: this.#pausedAt_ms, deliveredAt_ms: this.#deliveredAt_ms };
    return {
      open,
      reading: isRead(this.#readable, readings, performance.now()),
      writing: this.#writable.writable,
      handling: undefined,
    };
  }
}

function partsOf(stream: ByteStream): StreamPair {
  return isPair(stream) ? stream : { readable: stream, writable: stream };
}

/** A stream has a `readable` as well, which says whether it is. */
function isPair(stream: ByteStream): stream is StreamPair {
  return typeof stream.readable === 'object';
}
