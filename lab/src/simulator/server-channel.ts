import { CLOSE_CODE, type Connection } from './connection.js';
import { type ChannelContext, connected, sharedState } from './context.js';
import type { Frame } from './frame.js';
import { Handler } from './handler.js';
import { ChannelObserver } from './observer.js';
import type { Process } from './process.js';
import type { Random } from './random.js';
import type { Session, SessionOwner } from './session.js';

const EXECUTORS = ['server-handler'] as const;
const MONITOR_PERIOD_US = 30_000_000;

/** The server's side of a channel: sends config, pings and commands, records when the agent was last seen. */
export class ServerChannel implements SessionOwner {
  readonly observer: ChannelObserver;
  readonly handler: Handler;
  readonly #random: Random;
  readonly #connections = new Set<Connection>();
  /** What it sends goes in here. */
  #route: Connection | undefined;
  /** The registry's record, which outlives connections and processes. */
  #lastSeenUs = 0;

  constructor(
    private readonly channel: ChannelContext,
    private readonly process: Process,
  ) {
    this.#random = channel.random.fork('server');
    this.observer = new ChannelObserver('server', process, channel);
    this.handler = new Handler(
      this.observer,
      channel.conditions.server,
      () => EXECUTORS,
      channel.frames,
      this.#random.fork('handler'),
      (frame) => {
        if (frame.kind === 'heartbeat' || frame.kind === 'hello') this.#recordLastSeen();
      },
    );
  }

  /** Arms its timers; to be called whenever the process has started. */
  start(): void {
    const { pingIntervalMs, stateIntervalMs } = this.channel.settings;
    this.process.every(stateIntervalMs * 1000, this.#random, () => {
      this.reportStates();
    });
    this.process.every(pingIntervalMs * 1000, this.#random, () => {
      if (this.channel.conditions.server.sendsPings) this.#send('ping');
    });
    this.process.every(MONITOR_PERIOD_US, this.#random, () => {
      this.#checkLastSeen();
    });
    this.#commandLater();
  }

  /** The transport is open. */
  accept(connection: Connection, startUs: number): void {
    this.#connections.add(connection);
    if (!this.channel.conditions.server.keepsRoute || this.#route === undefined) this.#route = connection;
    this.#lastSeenUs = this.process.nowUs;
    this.observer.connect(startUs, connected(this.channel, connection.id));
    connection.server.send(this.channel.frames.make('to_agent', 'config'));
    this.reportState(connection.server);
  }

  close(code: number, reason: string): void {
    for (const connection of [...this.#connections]) connection.close('server', code, reason);
  }

  resume(): void {
    for (const connection of [...this.#connections]) connection.resume();
  }

  take(frame: Frame, session: Session): void {
    this.handler.take(frame, session);
  }

  closed(session: Session): void {
    for (const connection of this.#connections) {
      if (connection.server === session) this.#connections.delete(connection);
    }
    if (this.#route?.server === session) this.#route = [...this.#connections].at(-1);
  }

  reportStates(): void {
    for (const connection of this.#connections) this.reportState(connection.server);
  }

  reportState(session: Session): void {
    this.observer.state({
      ...session.stateAttributes(),
      // Commands are executed at the agent only.
      'channel.executed': undefined,
      'channel.executing': this.handler.executing,
      'channel.last_seen.age_ms': this.#lastSeenAgeMs(),
      ...sharedState(this.channel, this.process, this.#random),
    });
  }

  #send(kind: 'ping' | 'command'): void {
    this.#route?.server.send(this.channel.frames.make('to_agent', kind));
  }

  #commandLater(): void {
    const intervalMs = this.channel.conditions.server.commandIntervalMs;
    const waitMs = this.#random.exponential(intervalMs ?? this.channel.settings.commandIntervalMs);
    this.process.after(waitMs * 1000, () => {
      if (this.channel.conditions.server.commandIntervalMs !== undefined) this.#send('command');
      this.#commandLater();
    });
  }

  #recordLastSeen(): void {
    if (this.channel.conditions.server.recordsLastSeen) this.#lastSeenUs = this.process.nowUs;
  }

  #lastSeenAgeMs(): number {
    return Math.floor((this.process.nowUs - this.#lastSeenUs) / 1000);
  }

  #checkLastSeen(): void {
    if (this.#lastSeenAgeMs() <= this.channel.settings.heartbeatTimeoutMs) return;
    this.close(CLOSE_CODE.noStatus, 'heartbeat timeout');
  }
}
