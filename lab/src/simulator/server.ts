import type { Refusal } from './conditions.js';
import { type Attributes, SPAN_KIND } from './otlp-json.js';
import type { Process } from './process.js';
import type { Random } from './random.js';
import type { Scheduler } from './scheduler.js';
import type { ServerChannel } from './server-channel.js';
import type { FleetSettings, Site } from './settings.js';

const LISTENER_PERIOD_US = 60_000_000;
const SWEEP_PERIOD_US = 120_000_000;
const LISTENER = { 'server.address': '0.0.0.0', 'server.port': 8081 } as const;
/** The last frames and closes of a server that stops leave within this time. */
const DRAIN_US = 500_000;

const UNANSWERED: Refusal = { outcome: 'timeout', phase: 'upgrade', durationUs: 10_000_000 };

/** A channel as the inventory knows it. */
export interface Expected {
  readonly id: string;
  readonly site: Site;
  readonly server: ServerChannel;
}

/** The one server process of the fleet: its listener, its inventory, and its side of each channel. */
export class Server {
  /** What it expects; a channel is taken out when its agent is removed. */
  readonly #inventory = new Set<Expected>();
  #starts = 0;
  #listenerError: string | undefined;

  constructor(
    private readonly settings: FleetSettings,
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    readonly process: Process,
  ) {}

  start(): void {
    this.#starts += 1;
    this.process.start(`server-${this.#starts}`);
    this.#reportListener();
    this.process.every(LISTENER_PERIOD_US, this.random, () => {
      this.#reportListener();
    });
    this.#sweep();
    for (const channel of this.#inventory) channel.server.start();
  }

  /** Closes every channel, ends, and comes back `downUs` later as another instance. */
  restart(code: number, downUs: number): void {
    for (const { server } of this.#inventory) {
      this.process.after(this.random.integer(0, DRAIN_US), () => {
        server.close(code, 'service restart');
      });
    }
    this.process.after(DRAIN_US, () => {
      this.process.stop();
      this.scheduler.after(downUs, () => {
        this.start();
      });
    });
  }

  expect(channel: Expected): void {
    this.#inventory.add(channel);
  }

  forget(channel: Expected): void {
    this.#inventory.delete(channel);
  }

  /** Undefined: it listens. */
  setListenerError(error: string | undefined): void {
    if (error === this.#listenerError) return;
    this.#listenerError = error;
    this.#reportListener();
  }

  /** How an attempt fails while no server process runs, or none answers the upgrade. */
  refusal(): Refusal | undefined {
    if (this.process.blocked) return UNANSWERED;
    if (this.process.running) return undefined;
    return this.settings.transport === 'websocket'
      ? { outcome: 'rejected', phase: 'upgrade', durationUs: 30_000, statusCode: 502 }
      : { outcome: 'refused', phase: 'tcp', durationUs: 1_000, errorType: 'ECONNREFUSED' };
  }

  /** At start and every two minutes: for each channel in its own time, or for all at once. */
  #sweep(): void {
    const expectAll = (): void => {
      for (const channel of this.#inventory) this.#reportExpected(channel);
    };
    if (this.settings.sweep === 'together') {
      expectAll();
      this.process.every(SWEEP_PERIOD_US, this.random, expectAll);
      return;
    }
    for (const channel of this.#inventory) {
      this.#reportExpected(channel);
      this.process.every(SWEEP_PERIOD_US, this.random, () => {
        if (this.#inventory.has(channel)) this.#reportExpected(channel);
      });
    }
  }

  #reportExpected({ id, site }: Expected): void {
    this.#emit('channel.expected', {
      'channel.id': id,
      'channel.end': 'server',
      'channel.site': site.site,
      'channel.gateway': site.gateway,
    });
  }

  #reportListener(): void {
    if (this.settings.transport !== 'websocket') return;
    this.#emit('listener.state', {
      'channel.end': 'server',
      ...LISTENER,
      'listener.up': this.#listenerError === undefined,
      'error.type': this.#listenerError,
    });
  }

  #emit(name: 'channel.expected' | 'listener.state', attributes: Attributes): void {
    this.process.emit({
      traceId: this.random.hex(4),
      spanId: this.random.hex(2),
      name,
      kind: SPAN_KIND.internal,
      startUs: this.process.nowUs,
      attributes,
    });
  }
}
