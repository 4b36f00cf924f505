import type { End } from '@halfopen/telemetry';

import { Channel } from './channel.js';
import type { ExportTraceServiceRequest } from './otlp-json.js';
import { Process } from './process.js';
import { Random } from './random.js';
import { Scheduler } from './scheduler.js';
import { Server } from './server.js';
import { type FleetSettings, type Member, roster, type Site } from './settings.js';

/** The agents dial within this time of the start. */
const ARRIVAL_US = 2_000_000;

/** All processes and channels of a scenario, and the clock that they run by. */
export class Fleet {
  readonly scheduler = new Scheduler();
  readonly random: Random;
  readonly server: Server;
  readonly channels: readonly Channel[];
  readonly #relays = new Map<string, Process>();

  constructor(
    readonly settings: FleetSettings,
    private readonly send: (request: ExportTraceServiceRequest) => void,
  ) {
    this.random = new Random(String(settings.seed));
    const process = this.#process('server', 'control-server', 'server');
    this.server = new Server(settings, this.scheduler, this.random.fork('server'), process);
    this.channels = roster(settings).map((member) => this.#channel(member));
    for (const channel of this.channels) this.server.expect(channel);
  }

  /** Starts every process; nothing happens before the scheduler's first step. */
  start(): void {
    this.scheduler.after(0, () => {
      this.server.start();
    });
    const random = this.random.fork('arrivals');
    for (const { agent } of this.channels) {
      const delayUs = random.integer(0, ARRIVAL_US);
      this.scheduler.after(0, () => {
        agent.start(delayUs);
      });
    }
  }

  /** Sends what the processes still hold. */
  flush(): void {
    this.server.process.exporter.flush();
    for (const { agent } of this.channels) agent.process.exporter.flush();
    for (const relay of this.#relays.values()) relay.exporter.flush();
  }

  #channel({ id, site }: Member): Channel {
    return new Channel(id, site, this.settings, this.random.fork(id), {
      scheduler: this.scheduler,
      server: this.server,
      agentProcess: this.#process('agent', 'fleet-agent', id),
      relayProcess: this.settings.observers.includes('relay') ? this.#relay(site) : undefined,
    });
  }

  #relay({ gateway }: Site): Process {
    const known = this.#relays.get(gateway);
    if (known !== undefined) return known;
    const relay = this.#process('relay', 'channel-relay', `relay-${gateway}`);
    relay.start(`relay-${gateway}`);
    this.#relays.set(gateway, relay);
    return relay;
  }

  #process(end: End, serviceName: string, name: string): Process {
    return new Process(this.scheduler, this.random.fork(`process/${name}`), {
      serviceName,
      startMs: this.settings.startMs,
      observed: this.settings.observers.includes(end),
      send: this.send,
    });
  }
}
