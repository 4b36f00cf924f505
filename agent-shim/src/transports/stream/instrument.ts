import type { Channel } from '../../options.js';
import type { ByteStream, StreamOptions } from './options.js';
import { WatchedStream } from './stream.js';

/**
 * Watches one end of a connection over Node streams: a socket (TCP, Unix, TLS), or a readable and a writable that belong
 * together. Call it right after the stream was made or accepted, before anything is written; over TLS with the TLSSocket
 * that the application uses.
 *
 * @returns what the application may tell beyond that; never throws
 */
export function instrumentStream(stream: ByteStream, options: StreamOptions): Channel {
  return new WatchedStream(stream, options);
}
