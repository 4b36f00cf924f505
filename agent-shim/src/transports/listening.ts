import { errorMonitor, type EventEmitter } from 'node:events';
import { SpanKind, trace, type Tracer } from '@opentelemetry/api';
import type { Address } from '../channel-end.js';
import { Clock } from '../clock.js';
import { Guard } from '../guard.js';
import type { ChannelIdentity } from '../options.js';
import { errorType } from '../recorder/recorder.js';
import { SpanWriter, type Attributes } from '../recorder/spans.js';

/** What an application may say of its server, whatever that accepts. */
export interface InventoryOptions {
  /** The channels that should exist, connected or not; asked at start and every `inventoryIntervalMs`. */
  readonly expected?: () => Iterable<ChannelIdentity>;
  /** @default 120_000 */
  readonly inventoryIntervalMs?: number;
}

interface ListeningOptions extends InventoryOptions {
  /** As in `channel.transport`. */
  readonly transport: string;
  readonly tracer: Tracer | undefined;
  /** Where it is to listen, while it does not say where it does. */
  readonly configured: () => { readonly host?: string | undefined; readonly port?: number | undefined };
}

/** What servers of Node and of `ws` have in common. */
interface Listens extends EventEmitter {
  address(): { readonly address: string; readonly port: number } | string | null;
}

type Listener = (...args: unknown[]) => void;

const INVENTORY_INTERVAL_MS = 120_000;
const LISTENER_INTERVAL_MS = 60_000;

/** Of one sweep; the rest is left out. */
const EXPECTED_MAX = 100_000;

/** Tells where a server listens, whether it does, and its inventory. */
export class Listening {
  readonly #guard = new Guard();
  readonly #clock = new Clock();
  readonly #spans: SpanWriter;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #listeners: (readonly [string | symbol, Listener])[] = [];
  #address: Address | undefined;

  constructor(
    private readonly server: Listens,
    private readonly options: ListeningOptions,
  ) {
    const tracer = options.tracer ?? trace.getTracer('@halfopen/agent-shim');
    this.#spans = new SpanWriter(tracer, () => ({ 'channel.end': 'server' }), this.#guard);
    this.on('listening', () => {
      this.#look();
    });
    // A listener for `error` itself would keep an error from ending the process.
    this.on(errorMonitor, (error) => {
      this.#tell(false, errorType(error));
    });
    this.on('close', () => {
      this.#tell(false, 'closed');
    });
    this.#every(LISTENER_INTERVAL_MS, () => {
      this.#look();
    });
    this.#every(options.inventoryIntervalMs ?? INVENTORY_INTERVAL_MS, () => {
      this.#sweep();
    });
  }

  /** Undefined until it listens. */
  get address(): Address | undefined {
    return this.#address;
  }

  /** Listens to the server first in line, so that what the application's own listener does is seen. */
  on(event: string | symbol, work: Listener): void {
    const listener: Listener = (...args) => {
      this.#guard.run(() => {
        work(...args);
      });
    };
    this.#listeners.push([event, listener]);
    this.server.prependListener(event, listener);
  }

  sweep(): void {
    this.#guard.run(() => {
      this.#sweep();
    });
  }

  close(): void {
    for (const [event, listener] of this.#listeners) this.server.off(event, listener);
    for (const timer of this.#timers) clearInterval(timer);
  }

  #every(interval_ms: number, work: () => void): void {
    this.#guard.run(work);
    this.#timers.push(
      setInterval(() => {
        this.#guard.run(work);
      }, interval_ms).unref(),
    );
  }

  /** As the server says itself; a `ws` server that was given an HTTP server, or none, may have no address yet. */
  #look(): void {
    const address = this.server.address();
    if (address === null) return;
    this.#address =
      typeof address === 'string'
        ? { host: address, port: undefined }
        : { host: address.address, port: address.port };
    this.#tell(true);
  }

  #tell(up: boolean, error?: string): void {
    const { host, port } = this.#address ?? this.options.configured();
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
        'channel.transport': this.options.transport,
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
