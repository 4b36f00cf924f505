import type { IncomingMessage } from 'node:http';
import type { WebSocket, WebSocketServer } from 'ws';
import { ChannelEnd } from '../../channel-end.js';
import type { Beliefs, Channel, ChannelIdentity, ShimOptions } from '../../options.js';
import { Listening, type InventoryOptions } from '../listening.js';
import { connectionIdOfKey } from './connection-id.js';
import { claimsOf, WatchedSocket } from './socket.js';

export interface ServerOptions extends ShimOptions, InventoryOptions {
  /**
   * Whose connection this is, from its upgrade request.
   *
   * @returns undefined for one that is not to be told of
   */
  readonly identify: (request: IncomingMessage) => ChannelIdentity | undefined;
  /** Asked for a channel at each report of its state. */
  readonly beliefs?: (channel: ChannelIdentity) => Beliefs;
}

/** What watches a server. No method ever throws. */
export interface InstrumentedServer {
  /** The channel of a socket that the server has accepted; undefined where it is not told of. */
  channel(socket: WebSocket): Channel | undefined;
  /** Sweeps the inventory now, as after a change. */
  sweep(): void;
  /** Stops telling; open sockets and the server go on as they were. */
  close(): void;
}

/**
 * Watches a `ws` server: each connection that it accepts, what it listens on, and its inventory. Call it right after the
 * constructor. Never throws.
 */
export function instrumentWebSocketServer(
  server: WebSocketServer,
  options: ServerOptions,
): InstrumentedServer {
  return new WatchedServer(server, options);
}

class WatchedServer implements InstrumentedServer {
  readonly #listening: Listening;
  readonly #channels = new WeakMap<WebSocket, Channel>();
  readonly #sockets = new Set<WatchedSocket>();

  constructor(
    server: WebSocketServer,
    private readonly options: ServerOptions,
  ) {
    this.#listening = new Listening(server, {
      ...options,
      transport: 'websocket',
      tracer: options.tracer,
      configured: () => server.options,
    });
    this.#listening.on('connection', (socket, request) => {
      this.#accepted(socket as WebSocket, request as IncomingMessage);
    });
  }

  channel(socket: WebSocket): Channel | undefined {
    return this.#channels.get(socket);
  }

  sweep(): void {
    this.#listening.sweep();
  }

  close(): void {
    this.#listening.close();
    for (const socket of this.#sockets) socket.release();
  }

  #accepted(socket: WebSocket, request: IncomingMessage): void {
    const { options } = this;
    const identity = options.identify(request);
    if (identity === undefined) return;
    const beliefs = options.beliefs;
    const channel = new ChannelEnd({
      end: 'server',
      transport: 'websocket',
      identity,
      options,
      beliefs: beliefs === undefined ? undefined : () => beliefs(identity),
      claims: () => claimsOf(socket),
      address: this.#listening.address,
    });
    this.#channels.set(socket, channel);
    const watched = new WatchedSocket(socket, channel, {
      end: 'server',
      listenersHandle: options.handling !== 'explicit',
      onClosed: () => this.#sockets.delete(watched),
    });
    this.#sockets.add(watched);
    channel.opened(connectionIdOfKey(request.headers['sec-websocket-key']), 'upgrade');
  }
}
