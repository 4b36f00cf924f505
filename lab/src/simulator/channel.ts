import { Agent } from './agent.js';
import { type Conditions, type EndConditions, healthyConditions } from './conditions.js';
import { Connection } from './connection.js';
import { type ChannelContext, sharedState } from './context.js';
import { FrameFactory } from './frame.js';
import { ChannelObserver } from './observer.js';
import type { Process } from './process.js';
import type { Random } from './random.js';
import { RelayTap } from './relay.js';
import type { Scheduler } from './scheduler.js';
import type { Server } from './server.js';
import { ServerChannel } from './server-channel.js';
import type { FleetSettings, Site } from './settings.js';

export interface ChannelParts {
  readonly scheduler: Scheduler;
  readonly server: Server;
  readonly agentProcess: Process;
  /** Undefined: nobody looks half-way. */
  readonly relayProcess: Process | undefined;
}

/** One logical channel: the agent's side, the server's side, and the connections between them over time. */
export class Channel implements ChannelContext {
  readonly conditions: Conditions;
  readonly frames: FrameFactory;
  readonly agent: Agent;
  readonly server: ServerChannel;
  readonly #relay: ChannelObserver | undefined;
  #tap: { readonly tap: RelayTap; readonly connection: Connection } | undefined;
  #opened = 0;

  constructor(
    readonly id: string,
    readonly site: Site,
    readonly settings: FleetSettings,
    readonly random: Random,
    private readonly parts: ChannelParts,
  ) {
    this.conditions = healthyConditions(id, settings.commandIntervalMs);
    this.frames = new FrameFactory(id, settings.transport, random.fork('frames'));
    this.server = new ServerChannel(this, parts.server.process);
    this.agent = new Agent(this, parts.agentProcess, {
      refusal: () => parts.server.refusal(),
      connect: (startUs) => {
        this.#connect(startUs);
      },
      refusedByServer: (startUs, attributes) => {
        this.server.observer.connect(startUs, attributes);
      },
    });
    if (parts.relayProcess !== undefined) this.#relay = this.#observeHalfWay(parts.relayProcess);
  }

  /** Conditions have changed: lets everything go on that had waited for that. */
  resume(): void {
    this.agent.handler.resume();
    this.server.handler.resume();
    this.server.resume();
    this.agent.connection?.resume();
    this.agent.dial();
  }

  /** What the ends say of themselves, to see later whether it has changed. */
  claims(): Claims {
    const { agent, server } = this.conditions;
    return { agent: claimsOf(agent), server: claimsOf(server) };
  }

  /** Has each end report its state that says something else of itself than it said `before`. */
  reportChanges(before: Claims): void {
    const now = this.claims();
    const session = this.agent.connection?.agent;
    if (now.agent !== before.agent && session !== undefined) this.agent.reportState(session);
    if (now.server !== before.server) this.server.reportStates();
  }

  #connect(startUs: number): void {
    this.#opened += 1;
    const id = `${this.id}-c${this.#opened}`;
    const tap = this.#relay === undefined ? undefined : new RelayTap(this.#relay, id);
    const connection = new Connection(
      id,
      this.parts.scheduler,
      this.conditions,
      {
        agent: { observer: this.agent.observer, owner: this.agent },
        server: { observer: this.server.observer, owner: this.server },
      },
      this.random.fork(id),
      tap,
    );
    if (tap !== undefined) this.#tap = { tap, connection };
    this.server.accept(connection, startUs);
    this.agent.opened(connection, startUs);
  }

  #observeHalfWay(process: Process): ChannelObserver {
    const observer = new ChannelObserver('relay', process, this);
    const random = this.random.fork('relay');
    process.every(this.settings.stateIntervalMs * 1000, random, () => {
      if (this.#tap === undefined) return;
      const { tap, connection } = this.#tap;
      const connected = !connection.agent.closed && !connection.server.closed;
      observer.state({ ...sharedState(this, process, random), ...tap.stateAttributes(connected) });
    });
    return observer;
  }
}

interface Claims {
  readonly agent: string;
  readonly server: string;
}

function claimsOf({ readerClaimsAlive, writerClaimsAlive, handlerClaimsAlive }: EndConditions): string {
  return [readerClaimsAlive, writerClaimsAlive, handlerClaimsAlive].join();
}
