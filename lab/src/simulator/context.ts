import type { Conditions } from './conditions.js';
import type { FrameFactory } from './frame.js';
import type { Attributes } from './otlp-json.js';
import type { Process } from './process.js';
import type { Random } from './random.js';
import type { FleetSettings, Site } from './settings.js';

/** What both ends of a channel share. */
export interface ChannelContext {
  readonly id: string;
  readonly site: Site;
  readonly settings: FleetSettings;
  readonly conditions: Conditions;
  readonly frames: FrameFactory;
  readonly random: Random;
}

/** The attributes of every span about the channel, whoever emits it; `channel.end` is the observer's. */
export function identity({ id, site, settings }: ChannelContext): Attributes {
  return {
    'channel.id': id,
    'channel.transport': settings.transport,
    'channel.agent.id': id,
    'channel.agent.version': '1.4.0',
    'channel.site': site.site,
    'channel.gateway': site.gateway,
  };
}

/** A connect attempt that succeeds. A stream port has neither address nor upgrade. */
export function connected({ settings }: ChannelContext, connectionId: string): Attributes {
  return {
    'channel.connection.id': connectionId,
    ...(settings.transport === 'websocket' ? DIALLED : {}),
    'channel.connect.outcome': 'ok',
    'channel.connect.phase': settings.transport === 'websocket' ? 'upgrade' : undefined,
  };
}

/** What an agent dials. */
export const DIALLED = { 'server.address': 'control.example', 'server.port': 443 } as const;

/** Event-loop lag that a healthy process reports, below this. */
const ORDINARY_LAG_MS = 6;

/** The part of `channel.state` that every end reports alike. */
export function sharedState({ settings }: ChannelContext, process: Process, random: Random): Attributes {
  return {
    'channel.heartbeat.timeout_ms': settings.heartbeatTimeoutMs,
    'channel.state.interval_ms': settings.stateIntervalMs,
    'process.event_loop.lag_ms': eventLoopLagMs(process, random),
  };
}

export function eventLoopLagMs(process: Process, random: Random): number {
  return Math.max(process.takeLagMs(), random.integer(0, ORDINARY_LAG_MS));
}
