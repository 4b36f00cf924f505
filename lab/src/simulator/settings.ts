import type { End } from '@halfopen/telemetry';

export interface Site {
  /** `channel.site` */
  readonly site: string;
  /** `channel.gateway` */
  readonly gateway: string;
}

/** The fleet as it would be without any fault. */
export interface FleetSettings {
  /** The same seed and scenario give the same bytes. @default 1 */
  readonly seed: number;
  /** Unix time of the start. @default 2026-10-01T12:00:00Z, as in the samples */
  readonly startMs: number;
  /** @default 720_000 */
  readonly durationMs: number;
  /** One agent each, `agent-0` and so on. @default 10 */
  readonly channels: number;
  /** Channels are dealt to the sites in turn. @default two sites, each behind its own gateway */
  readonly sites: readonly Site[];
  /** `virtio-serial` stands for any stream: frames have no types of their own. @default 'websocket' */
  readonly transport: 'websocket' | 'virtio-serial';
  /** Which ends send telemetry; a relay is a tap half-way. @default agent and server */
  readonly observers: readonly End[];
  /** False: only states and the connections' life are reported. @default true */
  readonly frameSpans: boolean;
  /** Whether the inventory is reported channel by channel, each in its own time, or in one go. @default 'staggered' */
  readonly sweep: 'staggered' | 'together';
  /** Mean time between two commands of one channel. @default 20_000 */
  readonly commandIntervalMs: number;
  /** @default 30_000 */
  readonly heartbeatIntervalMs: number;
  /** The monitors' limit: of the server for the last heartbeat, of the agent for anything inbound. @default 90_000 */
  readonly heartbeatTimeoutMs: number;
  /** Of the server's pings. @default 20_000 */
  readonly pingIntervalMs: number;
  /** Of `channel.state`. @default 10_000 */
  readonly stateIntervalMs: number;
}

export const DEFAULT_SETTINGS: FleetSettings = {
  seed: 1,
  startMs: Date.UTC(2026, 9, 1, 12),
  durationMs: 720_000,
  channels: 10,
  sites: [
    { site: 'site-a', gateway: 'gw-1' },
    { site: 'site-b', gateway: 'gw-2' },
  ],
  transport: 'websocket',
  observers: ['agent', 'server'],
  frameSpans: true,
  sweep: 'staggered',
  commandIntervalMs: 20_000,
  heartbeatIntervalMs: 30_000,
  heartbeatTimeoutMs: 90_000,
  pingIntervalMs: 20_000,
  stateIntervalMs: 10_000,
};

export interface Member {
  /** `channel.id`, and the agent's. */
  readonly id: string;
  readonly site: Site;
}

/** The fleet's channels: dealt to the sites in turn. */
export function roster({ channels, sites }: Pick<FleetSettings, 'channels' | 'sites'>): readonly Member[] {
  return Array.from({ length: channels }, (_, index) => index).flatMap((index) => {
    const site = sites[index % sites.length];
    return site === undefined ? [] : [{ id: `agent-${index}`, site }];
  });
}
