import type { CloseInitiator, ConnectOutcome, ConnectPhase, Direction, FrameType } from '@halfopen/telemetry';
import { SpanKind, trace } from '@opentelemetry/api';
import { Clock } from './clock.js';
import { followed } from './followed.js';
import { Guard } from './guard.js';
import { frameOf, idOf, sizeOf, type Message } from './message.js';
import type { Beliefs, Channel, ChannelIdentity, FrameDescription, ShimOptions } from './options.js';
import { FrameRecorder, type Received, type WriteEnd } from './recorder/recorder.js';
import { SpanWriter, type Attributes } from './recorder/spans.js';
import { StageTeller } from './recorder/stages.js';
import { eventLoop } from './state/event-loop.js';
import { StateReporter } from './state/reporter.js';

/** What a transport says of itself, now. */
export interface TransportClaims {
  readonly open: boolean;
  readonly reading: boolean;
  readonly writing: boolean;
  /** Undefined where a transport cannot know. */
  readonly handling: boolean | undefined;
}

export interface Address {
  readonly host: string;
  readonly port: number | undefined;
}

/** What a transport brings to one connection of a channel. */
export interface ConnectionSetup {
  readonly end: 'agent' | 'server';
  /** As in `channel.transport`. */
  readonly transport: string;
  /** What the wire calls its frames, where all are of one type. */
  readonly frameType?: FrameType;
  readonly identity: ChannelIdentity;
  readonly options: ShimOptions;
  readonly beliefs: (() => Beliefs) | undefined;
  readonly claims: () => TransportClaims;
  /** Where the connection goes to, or arrived at; read when an attempt is told. */
  readonly address?: Address | undefined;
}

export interface Attempt {
  readonly outcome: ConnectOutcome;
  /** Undefined where a transport has none. */
  readonly phase: ConnectPhase | undefined;
  readonly statusCode?: number;
  readonly errorType?: string;
}

export interface Closing {
  readonly code?: number;
  readonly reason?: string;
  readonly initiator: CloseInitiator;
}

const STATE_INTERVAL_MS = 10_000;
const PENDING_AFTER_MS = 5_000;

/**
 * One end of one connection of a channel: what a transport calls as things happen, and what the application may call
 * where it alone knows. Nothing here throws.
 */
export class ChannelEnd implements Channel {
  readonly guard = new Guard();
  readonly #clock = new Clock();
  readonly #spans: SpanWriter;
  readonly #stages: StageTeller;
  readonly #recorder: FrameRecorder;
  readonly #reporter: StateReporter;
  readonly #begun_ms = this.#clock.now();
  #opened_ms: number | undefined;
  #attempted = false;
  #closed = false;
  #connectionId: string | undefined;

  constructor(private readonly setup: ConnectionSetup) {
    const { options } = setup;
    const tracer = options.tracer ?? trace.getTracer('@halfopen/agent-shim');
    this.#spans = new SpanWriter(tracer, () => this.#identity(), this.guard);
    const stages = [options.sampleRate ?? 1, options.pendingAfterMs ?? PENDING_AFTER_MS] as const;
    this.#stages = new StageTeller(this.#spans, this.#clock, ...stages);
    this.#recorder = new FrameRecorder(this.#stages, this.#clock, options.executorId);
    const source = {
      read: () => this.#state(),
      tell: (state: Attributes) => {
        this.#spans.mark('channel.state', this.#clock.now(), state);
      },
      look: () => {
        this.#stages.look();
      },
    };
    this.#reporter = new StateReporter(source, options.stateIntervalMs ?? STATE_INTERVAL_MS, this.guard);
  }

  get connectionId(): string | undefined {
    return this.#connectionId;
  }

  /** The transport is open. */
  opened(connectionId: string | undefined, phase: ConnectPhase | undefined): void {
    this.#connectionId = connectionId;
    this.#opened_ms = this.#clock.now();
    this.attempted({ outcome: 'ok', phase });
    eventLoop.begin();
    this.#reporter.start();
  }

  /** An attempt to connect has ended; only the first call counts. */
  attempted({ outcome, phase, statusCode, errorType }: Attempt): void {
    if (this.#attempted) return;
    this.#attempted = true;
    const { address } = this.setup;
    this.#spans.write({
      name: 'channel.connect',
      kind: SpanKind.INTERNAL,
      start_ms: this.#begun_ms,
      end_ms: this.#clock.now(),
      attributes: {
        'channel.connect.outcome': outcome,
        'channel.connect.phase': phase,
        'http.response.status_code': statusCode,
        'server.address': address?.host,
        'server.port': address?.port,
        'error.type': errorType,
      },
    });
    if (outcome !== 'ok') this.#reporter.report();
  }

  /** The transport is closed; only the first call counts. */
  closed({ code, reason, initiator }: Closing): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#recorder.closed();
    if (this.#opened_ms === undefined) return;
    eventLoop.end();
    this.#reporter.stop();
    const now_ms = this.#clock.now();
    this.#spans.mark('channel.close', now_ms, {
      'channel.close.code': code,
      'channel.close.reason': reason === '' ? undefined : reason,
      'channel.close.initiator': initiator,
      'channel.lifetime_ms': Math.round(now_ms - this.#opened_ms),
    });
  }

  /** Nobody watches the transport any more: what it claims is not known, so no more states are told. */
  released(): void {
    if (this.#opened_ms === undefined || this.#closed) return;
    this.#closed = true;
    eventLoop.end();
    this.#reporter.halt();
  }

  /** The application gives a message to the transport. @returns to be called once its bytes are written, or can't be */
  write(message: Message, known?: FrameDescription): WriteEnd {
    const description = known ?? this.#describe(message, this.#outgoing);
    const frame = frameOf(message, this.#outgoing, description);
    return this.#recorder.write(frame);
  }

  /**
   * The application gives a message to a transport that may keep it waiting.
   *
   * @returns to be called as the transport begins to write it, and then as in {@link write}
   */
  handOver(message: Message): () => WriteEnd {
    const description = this.#describe(message, this.#outgoing);
    return this.#recorder.handOver(frameOf(message, this.#outgoing, description));
  }

  /** Whether the application can tell what a message is, if it is one. */
  reads(message: Message, way: 'in' | 'out'): boolean {
    const description = this.#describe(message, way === 'in' ? this.#incoming : this.#outgoing);
    return description !== undefined && !('decodeError' in description);
  }

  /** The application hands over what the transport cannot tell as a frame; it is written all the same. */
  malformed(message: Message, error: string): void {
    this.#recorder.malformed(frameOf(message, this.#outgoing, undefined), error);
  }

  /**
   * A message has been read whole.
   *
   * @returns undefined where it could not be decoded
   */
  receive(message: Message, known?: FrameDescription): Received | undefined {
    const description = known ?? this.#describe(message, this.#incoming);
    const frame = frameOf(message, this.#incoming, description);
    if (description !== undefined && 'decodeError' in description) {
      this.#recorder.undecodable(frame, description.decodeError);
      return undefined;
    }
    return this.#recorder.receive(frame);
  }

  /** Its listeners have run, as far as they go at once. */
  routed(received: Received): void {
    this.#recorder.told(received);
    this.#recorder.forget();
  }

  /** Its handler is called. @returns to be called once that has ended */
  executing(received: Received): (error?: unknown) => void {
    return this.#recorder.execute(received);
  }

  enqueue(data: unknown): void {
    this.guard.run(() => {
      const type = this.setup.frameType ?? (typeof data === 'string' ? 'text' : 'binary');
      const message = { data, type, size: sizeOf(data) };
      this.#recorder.enqueue(frameOf(message, this.#outgoing, this.#describe(message, this.#outgoing)));
    });
  }

  discard(frameId: string, reason: string): void {
    this.guard.run(() => {
      this.#recorder.discard(idOf(frameId), reason);
    });
  }

  execute<T>(frameId: string, handler: () => T): T {
    const done = this.guard.run(() => {
      const received = this.#recorder.receivedAs(idOf(frameId));
      return received === undefined ? undefined : this.#recorder.execute(received);
    });
    return followed(this.guard, done, handler);
  }

  unrouted(frameId: string): void {
    this.guard.run(() => {
      this.#recorder.unrouted(idOf(frameId));
    });
  }

  undecodable(decodeError: string, size = 0): void {
    this.guard.run(() => {
      const message = { data: undefined, type: this.setup.frameType ?? 'binary', size };
      this.#recorder.undecodable(frameOf(message, this.#incoming, undefined), decodeError);
    });
  }

  report(): void {
    if (this.#opened_ms !== undefined && !this.#closed) this.#reporter.report();
  }

  get #outgoing(): Direction {
    return this.setup.end === 'agent' ? 'to_server' : 'to_agent';
  }

  get #incoming(): Direction {
    return this.setup.end === 'agent' ? 'to_agent' : 'to_server';
  }

  #describe({ data, type }: Message, direction: Direction): ReturnType<ShimOptions['describeFrame']> {
    if (data === undefined) return undefined; // longer than is kept
    return this.guard.run(() => this.setup.options.describeFrame(data, type !== 'text', direction));
  }

  #identity(): Attributes {
    const { identity, end, transport } = this.setup;
    return {
      'channel.id': identity.id,
      'channel.connection.id': this.#connectionId,
      'channel.end': end,
      'channel.transport': transport,
      'channel.agent.id': identity.agentId,
      'channel.agent.version': identity.agentVersion,
      'channel.site': identity.site,
      'channel.gateway': identity.gateway,
      'messaging.system': transport,
    };
  }

  #state(): Attributes {
    const { setup } = this;
    const beliefs = this.guard.run(() => setup.beliefs?.()) ?? {};
    const { open, reading, writing, handling } = setup.claims();
    const up = open && !this.#closed;
    return {
      'channel.connected': beliefs.connected ?? up,
      'channel.reader.alive': up && reading && beliefs.readerAlive !== false,
      'channel.writer.alive': up && writing && beliefs.writerAlive !== false,
      'channel.handler.alive': aliveHandler(up, handling, beliefs.handlerAlive),
      ...this.#recorder.state(),
      'channel.heartbeat.active': beliefs.heartbeatActive,
      'channel.heartbeat.interval_ms': beliefs.heartbeatIntervalMs,
      'channel.heartbeat.timeout_ms': beliefs.heartbeatTimeoutMs,
      'channel.last_seen.age_ms': beliefs.lastSeenAgeMs,
      'channel.state.interval_ms': setup.options.stateIntervalMs ?? STATE_INTERVAL_MS,
      'process.event_loop.lag_ms': eventLoop.lag(),
    };
  }
}

/** Undefined is unobserved: neither the transport nor the application knows. */
function aliveHandler(
  up: boolean,
  handling: boolean | undefined,
  believed: boolean | undefined,
): boolean | undefined {
  if (handling === undefined) return believed === undefined ? undefined : up && believed;
  return up && handling && believed !== false;
}
