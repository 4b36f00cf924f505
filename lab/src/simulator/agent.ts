import type { Refusal } from './conditions.js';
import { CLOSE_CODE, type Connection } from './connection.js';
import { type ChannelContext, connected, DIALLED, eventLoopLagMs, sharedState } from './context.js';
import type { Frame } from './frame.js';
import { Handler } from './handler.js';
import { ChannelObserver } from './observer.js';
import type { Attributes } from './otlp-json.js';
import type { Process } from './process.js';
import type { Random } from './random.js';
import type { Session, SessionOwner } from './session.js';

const CONNECT_US = 30_000;
const RECONNECT_US = 1_000_000;
/** The waits between failing attempts, the last one for all later attempts. */
const BACKOFF_US = [2_000_000, 4_000_000, 8_000_000, 16_000_000, 30_000_000] as const;
const MONITOR_PERIOD_US = 30_000_000;

const UNREACHABLE: Refusal = {
  outcome: 'timeout',
  phase: 'tcp',
  durationUs: 10_000_000,
  errorType: 'ETIMEDOUT',
};

/** What lies between an agent and its server, as far as dialling goes. */
export interface Network {
  /** How an attempt made now fails; undefined: it succeeds. */
  refusal(): Refusal | undefined;
  /** Opens a connection for an attempt begun at `startUs` and hands it to both ends. */
  connect(startUs: number): void;
  /** The server's own report of an attempt that it refused. */
  refusedByServer(startUs: number, attributes: Attributes): void;
}

/** The agent's side of a channel: dials, sends hello and heartbeats, executes commands, gives up a silent server. */
export class Agent implements SessionOwner {
  readonly observer: ChannelObserver;
  readonly handler: Handler;
  readonly #random: Random;
  #connection: Connection | undefined;
  #failures = 0;
  #dialling = false;
  #cancelHeartbeat: (() => void) | undefined;

  constructor(
    private readonly channel: ChannelContext,
    readonly process: Process,
    private readonly network: Network,
  ) {
    this.#random = channel.random.fork('agent');
    this.observer = new ChannelObserver('agent', process, channel);
    this.handler = new Handler(
      this.observer,
      channel.conditions.agent,
      () => channel.conditions.agent.executors,
      channel.frames,
      this.#random.fork('handler'),
      (command, session) => {
        if (command.kind === 'command') session.send(channel.frames.make('to_server', 'result', command.id));
      },
    );
  }

  /** The connection that it lives on. */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Starts the process; it dials after `delayUs`. */
  start(delayUs: number): void {
    if (!this.channel.conditions.agent.runs) return;
    const { stateIntervalMs, heartbeatTimeoutMs } = this.channel.settings;
    this.process.start(this.channel.id);
    this.#failures = 0;
    this.#dialling = false;
    this.process.every(stateIntervalMs * 1000, this.#random, () => {
      this.#reportNow();
    });
    this.process.every(MONITOR_PERIOD_US, this.#random, () => {
      const silentUs = this.#connection?.agent.rxAgeUs ?? 0;
      if (silentUs > heartbeatTimeoutMs * 1000) this.close(CLOSE_CODE.noStatus, 'no inbound activity');
    });
    this.#dialAfter(delayUs);
  }

  /** Ends the process in good order. */
  stop(code: number, reason: string): void {
    this.close(code, reason);
    this.process.stop();
  }

  /** SIGKILL: no close, no last telemetry; the kernel resets the connection. */
  kill(): void {
    const connection = this.#connection;
    this.process.kill();
    this.#connection = undefined;
    connection?.breakDown();
  }

  close(code: number, reason: string): void {
    this.#connection?.close('agent', code, reason);
  }

  /** Dials now if it should and does not. */
  dial(): void {
    if (this.#connection !== undefined || this.#dialling || !this.channel.conditions.agent.dials) return;
    this.#dialling = true;
    const startUs = this.process.nowUs;
    const refusal = this.#refusal();
    this.process.after(refusal?.durationUs ?? CONNECT_US, () => {
      this.#dialling = false;
      const failure = refusal ?? this.network.refusal();
      if (failure === undefined) this.network.connect(startUs);
      else this.#refused(failure, startUs);
    });
  }

  /** The transport is open. */
  opened(connection: Connection, startUs: number): void {
    this.#connection = connection;
    this.#failures = 0;
    this.observer.connect(startUs, connected(this.channel, connection.id));
    connection.agent.send(this.channel.frames.make('to_server', 'hello'));
    this.reportState(connection.agent);
    const periodUs = this.channel.settings.heartbeatIntervalMs * 1000;
    this.#cancelHeartbeat = this.process.every(periodUs, this.#random, () => {
      this.#beat(connection.agent);
    });
  }

  take(frame: Frame, session: Session): void {
    this.handler.take(frame, session);
  }

  closed(session: Session): void {
    if (this.#connection?.agent !== session) return;
    this.#connection = undefined;
    this.#cancelHeartbeat?.();
    this.#dialAfter(RECONNECT_US);
  }

  reportState(session: Session): void {
    const { settings } = this.channel;
    this.observer.state({
      ...session.stateAttributes(),
      'channel.executing': this.handler.executing,
      'channel.heartbeat.active': this.channel.conditions.agent.heartbeatTimer === 'running',
      'channel.heartbeat.interval_ms': settings.heartbeatIntervalMs,
      ...sharedState(this.channel, this.process, this.#random),
    });
  }

  #reportNow(): void {
    const session = this.#connection?.agent;
    if (session !== undefined) this.reportState(session);
    else
      this.#reportDisconnected({ 'process.event_loop.lag_ms': eventLoopLagMs(this.process, this.#random) });
  }

  #reportDisconnected(more: Attributes): void {
    this.observer.state({ 'channel.connected': false, ...more });
  }

  #beat(session: Session): void {
    const { heartbeatTimer, suppressesHeartbeats } = this.channel.conditions.agent;
    if (heartbeatTimer === 'not-started') return;
    const heartbeat = this.channel.frames.make('to_server', 'heartbeat');
    if (suppressesHeartbeats) session.drop(heartbeat);
    else session.send(heartbeat);
  }

  #dialAfter(delayUs: number): void {
    this.process.after(delayUs, () => {
      this.dial();
    });
  }

  #refusal(): Refusal | undefined {
    const { path } = this.channel.conditions;
    if (path.refusal?.address !== undefined) return path.refusal;
    return path.partitioned ? UNREACHABLE : (path.refusal ?? this.network.refusal());
  }

  #refused(refusal: Refusal, startUs: number): void {
    const attributes: Attributes = {
      ...(this.channel.settings.transport === 'websocket' ? DIALLED : {}),
      ...(refusal.address === undefined ? {} : { 'server.address': refusal.address }),
      'channel.connect.outcome': refusal.outcome,
      'channel.connect.phase': refusal.phase,
      'http.response.status_code': refusal.statusCode,
      'error.type': refusal.errorType,
    };
    this.observer.connect(startUs, attributes);
    this.#reportDisconnected({});
    if (refusal.seenByServer === true) this.network.refusedByServer(startUs, attributes);
    const backoffUs = BACKOFF_US[Math.min(this.#failures, BACKOFF_US.length - 1)] ?? RECONNECT_US;
    this.#failures += 1;
    this.#dialAfter(backoffUs);
  }
}
