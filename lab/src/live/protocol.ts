import type { ChannelIdentity, DescribeFrame } from '@halfopen/agent-shim';

/** A frame of the live fleet: JSON in a text message. */
export interface Frame {
  readonly id: string;
  readonly kind: 'hello' | 'config' | 'heartbeat' | 'command' | 'ack' | 'result';
  readonly replyTo?: string;
  readonly body?: string;
}

/** @throws SyntaxError where it is no JSON */
export function readFrame(data: unknown): Frame {
  return JSON.parse((data as Buffer | string).toString()) as Frame;
}

export const describeFrame: DescribeFrame = (data) => {
  const { id, kind, replyTo } = readFrame(data);
  return replyTo === undefined ? { id, kind } : { id, kind, replyTo };
};

/** Periods of the live fleet, ms: a tenth of what such fleets have, so that a demonstration takes a minute. */
export const TIMING = {
  state: 2_000,
  heartbeat: 5_000,
  /** The server gives up an agent whose last heartbeat is so old, and the agent a server that has sent nothing for so long. */
  heartbeatTimeout: 20_000,
  ping: 4_000,
  command: 2_000,
  inventory: 30_000,
  reconnect: 1_000,
  pendingAfter: 5_000,
  /** Spans wait so long for company before they are sent. */
  exporting: 1_000,
} as const;

/** What every process of the fleet is told at its start, as JSON in its first argument. */
export interface ProcessSettings {
  /** OTLP/HTTP, traces. */
  readonly collectorUrl: string;
  readonly token?: string;
}

export interface AgentSettings extends ProcessSettings {
  readonly identity: ChannelIdentity;
  /** `ws://host:port`, of the proxy in front of the gateway. */
  readonly url: string;
}

export interface GatewaySettings extends ProcessSettings {
  readonly agents: readonly ChannelIdentity[];
}

/** What the fleet tells a process to do to itself. `true` breaks, `false` mends. */
export type Order =
  | {
      readonly fault: 'writer-stalled' | 'frames-dropped';
      readonly channel: string;
      readonly broken: boolean;
    }
  | { readonly fault: 'handler-dead' | 'handler-stuck' | 'heartbeat-not-started'; readonly broken: boolean };

/** What a process tells the fleet. */
export type Report =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'acknowledged'; readonly count: number };
