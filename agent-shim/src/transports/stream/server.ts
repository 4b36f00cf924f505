import type { Server, Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { Channel } from '../../options.js';
import { Listening, type InventoryOptions } from '../listening.js';
import type { Introduction, StreamOptions } from './options.js';
import { WatchedStream } from './stream.js';

export interface StreamServerOptions
  extends Omit<StreamOptions, 'end' | 'channel' | 'connectionId'>, InventoryOptions {
  /**
   * What is known of a connection as it is accepted, such as whose it is by the certificate or the path; the rest is up to
   * `identify`.
   */
  readonly accept?: (socket: Socket) => Introduction;
}

/** What watches a server of streams. No method ever throws. */
export interface InstrumentedStreamServer {
  /** The channel of a socket that the server has accepted, until it is closed. */
  channel(socket: Socket): Channel | undefined;
  /** Sweeps the inventory now, as after a change. */
  sweep(): void;
  /** Stops telling; open sockets and the server go on as they were. */
  close(): void;
}

/**
 * Watches a server of TCP, TLS or Unix sockets: each connection that it accepts, what it listens on, and its inventory.
 * Call it right after it was made. Never throws.
 */
export function instrumentStreamServer(
  server: Server,
  options: StreamServerOptions,
): InstrumentedStreamServer {
  return new WatchedStreamServer(server, options);
}

class WatchedStreamServer implements InstrumentedStreamServer {
  readonly #listening: Listening;
  readonly #streams = new Map<Socket, WatchedStream>();

  constructor(
    server: Server,
    private readonly options: StreamServerOptions,
  ) {
    this.#listening = new Listening(server, {
      ...options,
      tracer: options.tracer,
      configured: () => ({}),
    });
    this.#listening.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket) => {
      this.#accepted(socket as Socket);
    });
  }

  channel(socket: Socket): Channel | undefined {
    return this.#streams.get(socket);
  }

  sweep(): void {
    this.#listening.sweep();
  }

  close(): void {
    this.#listening.close();
    for (const stream of this.#streams.values()) stream.release();
    this.#streams.clear();
  }

  #accepted(socket: Socket): void {
    const known = this.options.accept?.(socket) ?? {};
    const watched = new WatchedStream(socket, { ...this.options, ...known, end: 'server' }, () => {
      this.#streams.delete(socket);
    });
    this.#streams.set(socket, watched);
  }
}
