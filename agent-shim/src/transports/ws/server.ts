import { errorMonitor } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { SpanKind, trace } from '@opentelemetry/api';
import type { WebSocket, WebSocketServer } from 'ws';
import { ChannelEnd } from '../../channel-end.js';
import { Clock } from '../../clock.js';
import { Guard } from '../../guard.js';
import type { Beliefs, Channel, ChannelIdentity, ShimOptions } from '../../options.js';
import { errorType } from '../../recorder/recorder.js';
import { SpanWriter, type Attributes } from '../../recorder/spans.js';
import { connectionIdOfKey } from './connection-id.js';
import { claimsOf, WatchedSocket } from './socket.js';

export interface ServerOptions extends ShimOptions {
  /**
   * Whose connection this is, from its upgrade request.
   *
   * @returns undefined for one that is not to be told of
   */
  readonly identify: (request: IncomingMessage) => ChannelIdentity | undefined;
  /** Asked for a channel at each report of its state. */
  readonly beliefs?: (channel: ChannelIdentity) => Beliefs;
  /** The channels that should exist, connected or not; asked at start and every `inventoryIntervalMs`. */
  readonly expected?: () => Iterable<ChannelIdentity>;
  /** @default 120_000 */
  readonly inventoryIntervalMs?: number;
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

type Listener = (...args: unknown[]) => void;

const INVENTORY_INTERVAL_MS = 120_000;
const LISTENER_INTERVAL_MS = 60_000;

/** Of one sweep; the rest is left out. */
const EXPECTED_MAX = 100_000;

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
  readonly #guard = new Guard();
  readonly #clock = new Clock();
  readonly #spans: SpanWriter;
  readonly #channels = new WeakMap<WebSocket, Channel>();
  readonly #sockets = new Set<WatchedSocket>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #listeners: readonly (readonly [string | symbol, Listener])[];
  #address: { readonly host: string; readonly port: number } | undefined;

  constructor(
    private readonly server: WebSocketServer,
    private readonly options: ServerOptions,
  ) {
    const tracer = options.tracer ?? trace.getTracer('@halfopen/agent-shim');
    this.#spans = new SpanWriter(tracer, () => ({ 'channel.end': 'server' }), this.#guard);
    // First in line, so that what the application's own listener sends is seen. A listener for `error` itself would keep
    // an error from ending the process.
    this.#listeners = [
      [
        'connection',
        this.#guarded((socket, request) => {
          this.#accepted(socket as WebSocket, request as IncomingMessage);
        }),
      ],
      [
        'listening',
        this.#guarded(() => {
          this.#listening();
        }),
      ],
      [
        errorMonitor,
        this.#guarded((error) => {
          this.#listener(false, errorType(error));
        }),
      ],
      [
        'close',
        this.#guarded(() => {
          this.#listener(false, 'closed');
        }),
      ],
    ];
    for (const [event, listener] of this.#listeners) server.prependListener(event, listener);
    this.#every(LISTENER_INTERVAL_MS, () => {
      this.#listening();
    });
    this.#every(options.inventoryIntervalMs ?? INVENTORY_INTERVAL_MS, () => {
      this.#sweep();
    });
  }

  channel(socket: WebSocket): Channel | undefined {
    return this.#channels.get(socket);
  }

  sweep(): void {
    this.#guard.run(() => {
      this.#sweep();
    });
  }

  close(): void {
    for (const [event, listener] of this.#listeners) this.server.off(event, listener);
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sockets) socket.release();
  }

  #guarded(work: Listener): Listener {
    return (...args) => {
      this.#guard.run(() => {
        work(...args);
      });
    };
  }

  #every(interval_ms: number, work: () => void): void {
    this.#guard.run(work);
    this.#timers.push(
      setInterval(() => {
        this.#guard.run(work);
      }, interval_ms).unref(),
    );
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
      ...(this.#address === undefined ? {} : { address: this.#address }),
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

  /** As the server says itself; one that was given an HTTP server of the application's, or none, may have no address yet. */
  #listening(): void {
    const address = this.server.address();
    if (address === null || typeof address === 'string') return;
    this.#address = { host: address.address, port: address.port };
    this.#listener(true);
  }

  #listener(up: boolean, error?: string): void {
    const { host, port } = this.#address ?? {
      host: this.server.options.host,
      port: this.server.options.port,
    };
    this.#spans.mark('listener.state', this.#clock.now(), {
      'server.address': host ?? '0.0.0.0',
      'server.port': port,
      'listener.up': up,
      'error.type': error,
    });
  }

  #sweep(): void {
    let count = 0;
    const at_ms = this.#clock.now();
    for (const { id, agentId, agentVersion, site, gateway } of this.options.expected?.() ?? []) {
      if (++count > EXPECTED_MAX) return;
      const attributes: Attributes = {
        'channel.id': id,
        'channel.transport': 'websocket',
        'channel.agent.id': agentId,
        'channel.agent.version': agentVersion,
        'channel.site': site,
        'channel.gateway': gateway,
      };
      this.#spans.write({
        name: 'channel.expected',
        kind: SpanKind.INTERNAL,
        start_ms: at_ms,
        end_ms: at_ms,
        attributes,
      });
    }
  }
}
