import type { ConnectOutcome, ConnectPhase } from '@halfopen/telemetry';

import type { FramePredicate } from './frame.js';

/**
 * What is out of order about one channel. The model asks it at each decision; faults write it, and nothing else.
 * All of it outlives a connection: a fault is still there when the agent has reconnected.
 */
export interface Conditions {
  readonly agent: AgentConditions;
  readonly server: ServerConditions;
  readonly path: PathConditions;
}

export interface EndConditions {
  /** Since when nothing has read the socket; undefined: a loop does. */
  readerDeadSinceUs: number | undefined;
  /** Frames whose writes do not complete. */
  stalls: FramePredicate;
  /** Frames accepted into the queue and never offered to the writer. */
  holds: FramePredicate;
  /** Arriving frames of which no byte makes sense. */
  garbles: FramePredicate;
  /** Arriving frames whose envelope decodes (id, kind) and whose payload does not. */
  rejects: FramePredicate;
  /** Arriving frames that no handler takes. */
  misroutes: FramePredicate;
  /** Frames whose handler fails. */
  fails: FramePredicate;
  handler: 'running' | 'dead' | 'stuck' | 'stuck-serially';
  /** How long executing a command takes; undefined: as usual. */
  commandDurationUs: number | undefined;
  /** What `channel.state` says of itself, true or not. */
  readerClaimsAlive: boolean;
  writerClaimsAlive: boolean;
  handlerClaimsAlive: boolean;
}

export interface AgentConditions extends EndConditions {
  /** False: its process is not started. */
  runs: boolean;
  heartbeatTimer: 'running' | 'not-started';
  /** Its flag says "not connected", so each heartbeat is dropped before the queue. */
  suppressesHeartbeats: boolean;
  /** Who executes each command: more than one is a fault. */
  executors: readonly string[];
  /** False: it makes no attempt to connect. */
  dials: boolean;
}

export interface ServerConditions extends EndConditions {
  /** False: the record of when the agent was last seen is not written. */
  recordsLastSeen: boolean;
  /** True: what it sends goes on into the connection it went into before. */
  keepsRoute: boolean;
  sendsPings: boolean;
  /** Mean time between commands; undefined: none are sent. */
  commandIntervalMs: number | undefined;
}

export interface PathConditions {
  /** Frames lost after a completed write, by the place: before or behind the relay's tap as the frame travels. */
  losesBeforeRelay: FramePredicate;
  losesBehindRelay: FramePredicate;
  /** Nothing passes either way, closes included. */
  partitioned: boolean;
  /** From when on the path takes no more bytes, so that writes into it block; undefined: it always does. */
  jammedFromUs: number | undefined;
  /** Added to what every frame takes, either way. */
  delayUs: number;
  /** A middlebox closes a connection that carried nothing towards the agent for so long. */
  idleLimitUs: number | undefined;
  /** How attempts to connect fail. */
  refusal: Refusal | undefined;
}

export interface Refusal {
  readonly outcome: Exclude<ConnectOutcome, 'ok'>;
  readonly phase: ConnectPhase;
  readonly durationUs: number;
  readonly statusCode?: number;
  readonly errorType?: string;
  /** What the agent dials instead of the server's address. */
  readonly address?: string;
  /** The server takes part in the refusal and reports it as well. */
  readonly seenByServer?: true;
}

const never: FramePredicate = () => false;

function healthyEnd(): EndConditions {
  return {
    readerDeadSinceUs: undefined,
    stalls: never,
    holds: never,
    garbles: never,
    rejects: never,
    misroutes: never,
    fails: never,
    handler: 'running',
    commandDurationUs: undefined,
    readerClaimsAlive: true,
    writerClaimsAlive: true,
    handlerClaimsAlive: true,
  };
}

export function healthyConditions(channelId: string, commandIntervalMs: number): Conditions {
  return {
    agent: {
      ...healthyEnd(),
      runs: true,
      heartbeatTimer: 'running',
      suppressesHeartbeats: false,
      executors: [`${channelId}-exec`],
      dials: true,
    },
    server: {
      ...healthyEnd(),
      recordsLastSeen: true,
      keepsRoute: false,
      sendsPings: true,
      commandIntervalMs,
    },
    path: {
      losesBeforeRelay: never,
      losesBehindRelay: never,
      partitioned: false,
      jammedFromUs: undefined,
      delayUs: 0,
      idleLimitUs: undefined,
      refusal: undefined,
    },
  };
}

export type Undo = () => void;

/** Writes the patch into the conditions and returns what takes it back. */
export function change<T extends object>(conditions: T, patch: Partial<T>): Undo {
  const before: Partial<T> = {};
  for (const name of Object.keys(patch) as (keyof T)[]) before[name] = conditions[name];
  Object.assign(conditions, patch);
  return () => {
    Object.assign(conditions, before);
  };
}
