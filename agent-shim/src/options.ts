import type { Direction } from '@halfopen/telemetry';
import type { Tracer } from '@opentelemetry/api';

/** Which channel this is, and what channels are grouped by. Strings are cut at 256 characters. */
export interface ChannelIdentity {
  /** The logical channel, stable over reconnects; the same at both ends. */
  readonly id: string;
  readonly agentId?: string;
  readonly agentVersion?: string;
  /** Where the agent stands: channels of one site share a network. */
  readonly site?: string;
  /** The proxy or gateway that the channel passes. */
  readonly gateway?: string;
}

/** What the application knows of one of its frames. */
export interface FrameDescription {
  /** Message or command id, the same at both ends; undefined where the frame has none: it counts and has no spans. */
  readonly id?: string;
  /** `command`, `ack`, `result`, `heartbeat`, `config`, `hello`, or a name of the application's own. */
  readonly kind: string;
  /** The id of the frame that this one answers. */
  readonly replyTo?: string;
}

/** A frame that the application cannot read; counted, and told as dropped. */
export interface Undecodable {
  /** Short and of few kinds, such as an error's class. */
  readonly decodeError: string;
}

/**
 * Tells what a frame is, from its content. Called once for each message that is sent or received; what it throws is
 * caught and counted, and the frame is told of as one without an id.
 *
 * @param data as the application gave it to the transport or will get it from there; not to be changed
 * @returns undefined for a frame that only counts
 */
export type DescribeFrame = (
  data: unknown,
  isBinary: boolean,
  direction: Direction,
) => FrameDescription | Undecodable | undefined;

/** What the application alone knows about this end of one channel; asked at each report. Absent is unobserved. */
export interface Beliefs {
  /** What the application is told when it asks whether the channel is up. @default whether the transport is open */
  readonly connected?: boolean;
  /** The application's own read loop, writer or dispatcher still runs. False overrides what the transport says. */
  readonly readerAlive?: boolean;
  readonly writerAlive?: boolean;
  readonly handlerAlive?: boolean;
  /** This end's heartbeat timer runs. */
  readonly heartbeatActive?: boolean;
  /** Period with which this end sends heartbeats, ms. */
  readonly heartbeatIntervalMs?: number;
  /** After so long without one this end gives the peer up, ms. */
  readonly heartbeatTimeoutMs?: number;
  /** Age of the registry's or database's own record of the agent, ms; at the server. */
  readonly lastSeenAgeMs?: number;
}

export interface ShimOptions {
  readonly describeFrame: DescribeFrame;
  /** @default the global tracer provider's */
  readonly tracer?: Tracer;
  /** Between two reports of the state, ms; changes are reported at once. @default 10_000 */
  readonly stateIntervalMs?: number;
  /** A stage that has been open for so long is reported as pending, and again at twice that age, and so on; ms. @default 5_000 */
  readonly pendingAfterMs?: number;
  /** One frame in so many has spans, the same ones at both ends; counters count all. @default 1 */
  readonly sampleRate?: number;
  /**
   * Who says when a frame executes. `listener`: it executes while the `message` listeners run, a promise that they
   * return included. `explicit`: the application says so ({@link Channel.execute}), since its listener only queues.
   * @default listener
   */
  readonly handling?: 'listener' | 'explicit';
  /** Who executes frames here, where it matters that two might. */
  readonly executorId?: string;
}

/** One end of one channel's present connection, for what the application alone can tell. No method ever throws. */
export interface Channel {
  /** The same at both ends, where the transport can convey it; undefined until it is open. */
  readonly connectionId: string | undefined;
  /** The application takes a frame into an outgoing queue of its own; it is given to the transport later, or never. */
  enqueue(data: unknown): void;
  /** The application drops a frame that it had enqueued. */
  discard(frameId: string, reason: string): void;
  /** Runs a received frame's handler; returns or throws what it does. */
  execute<T>(frameId: string, handler: () => T): T;
  /** A received frame that no handler takes. */
  unrouted(frameId: string): void;
  /** A received message that could not be decoded, where `describeFrame` did not notice. */
  undecodable(decodeError: string): void;
  /** Reports the state now, as after a change that the shim cannot see. */
  report(): void;
}
