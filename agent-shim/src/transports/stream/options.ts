import type { Duplex, Readable, Writable } from 'node:stream';
import type { FrameCodec } from '../../codecs/codec.js';
import type { Beliefs, ChannelIdentity, ShimOptions } from '../../options.js';

/** Two streams that are one connection, such as the standard input and output of a child process. */
export interface StreamPair {
  readonly readable: Readable;
  readonly writable: Writable;
}

export type ByteStream = Duplex | StreamPair;

/** What a first frame says of its connection. */
export interface Introduction {
  /** Whose connection it is; left out where the options say so. */
  readonly channel?: ChannelIdentity;
  /** The name that both ends give the connection. */
  readonly connectionId?: string;
}

/** What an application says of its streams, beyond what it says of any channel. */
export interface StreamOptions extends Omit<ShimOptions, 'handling'> {
  readonly end: 'agent' | 'server';
  /** As in `channel.transport`: `tcp`, `unix`, `virtio-serial`, or a name of the application's own. */
  readonly transport: string;
  /** How the bytes are cut into frames. `describeFrame` gets their payloads, as a Buffer. */
  readonly codec: FrameCodec;
  /** Whose connection this is. Undefined: `identify` finds out, and until then nothing is told. */
  readonly channel?: ChannelIdentity;
  /** The name that both ends give this connection. @default over TLS, one that both derive from the session; else none */
  readonly connectionId?: string;
  /**
   * Asked with each frame that is received until it answers, and not again: whose connection this is and what it is called,
   * from a first frame that introduces the peer.
   */
  readonly identify?: (payload: Buffer) => Introduction | undefined;
  /** Asked at each report of the state. */
  readonly beliefs?: (channel: ChannelIdentity) => Beliefs;
  /** A frame whose payload claims to be longer is taken for garbage: the application's own limit. Bytes. @default 16_777_216 */
  readonly frameBytesMax?: number;
  /** Payloads that are longer are counted and not given to `describeFrame`. Bytes. @default 1_048_576 */
  readonly describedBytesMax?: number;
}
