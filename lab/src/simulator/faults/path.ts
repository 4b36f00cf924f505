import type { CauseName } from '@halfopen/telemetry';

import type { Channel } from '../channel.js';
import { change, type Undo } from '../conditions.js';
import type { FramePredicate } from '../frame.js';
import { BUFFERS_FILL_US } from '../session.js';
import { both, type Disturbance, type DisturbanceOptions, each, MID_RUN_MS, ofKind } from './disturbance.js';

function loss(cause: CauseName, strikes: Disturbance['strikes'], meaning: string): Disturbance {
  return {
    cause,
    meaning: `${meaning}; variant behind: they pass the relay's tap first.`,
    strikes,
    atMs: MID_RUN_MS,
    options: ['direction', 'kind', 'fraction', 'variant'],
    variants: ['before', 'behind'],
    inject: (channels, options) => each(channels, (channel) => lose(channel, options)),
  };
}

function lose(channel: Channel, options: DisturbanceOptions): Undo {
  const { direction = 'to_agent', kind = 'data', fraction = 1, variant = 'before' } = options;
  const random = channel.random.fork('loss');
  const concerns = ofKind(kind);
  const loses: FramePredicate = (frame) =>
    frame.direction === direction && concerns(frame) && random.chance(fraction);
  return change(
    channel.conditions.path,
    variant === 'behind' ? { losesBehindRelay: loses } : { losesBeforeRelay: loses },
  );
}

const networkPartition: Disturbance = {
  cause: 'network-partition',
  meaning:
    'Nothing passes either way, closes and attempts to connect included; variant blocking: soon the writes block.',
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: ['variant'],
  variants: ['buffering', 'blocking'],
  inject: (channels, { variant = 'buffering' }, { scheduler }) => {
    const jammedFromUs = variant === 'blocking' ? scheduler.nowUs + BUFFERS_FILL_US : undefined;
    return each(channels, ({ conditions }) => change(conditions.path, { partitioned: true, jammedFromUs }));
  },
};

const staleRoute: Disturbance = {
  cause: 'stale-route',
  meaning: 'The agent moves to a new connection, the server goes on writing into the old one.',
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: [],
  inject: (channels) =>
    each(channels, ({ conditions, agent }) => {
      const undo = change(conditions.server, { keepsRoute: true });
      agent.connection?.sever();
      return undo;
    }),
};

const idleTimeout: Disturbance = {
  cause: 'idle-timeout',
  meaning: 'The server sends neither pings nor commands, and a middlebox closes what is quiet for `forMs`.',
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: ['forMs'],
  inject: (channels, { forMs = 60_000 }) =>
    each(channels, ({ conditions, agent }) => {
      const quiet = change(conditions.server, { sendsPings: false, commandIntervalMs: undefined });
      const limited = change(conditions.path, { idleLimitUs: forMs * 1000 });
      agent.connection?.watchIdle();
      return both(quiet, limited);
    }),
};

/** What breaks between the ends. */
export const PATH_FAULTS = {
  'frames-lost': loss('frames-lost', 'channel', 'Writes complete and frames do not arrive'),
  'site-path-loss': loss('site-path-loss', 'site', 'The same for all channels of a site'),
  'network-partition': networkPartition,
  'stale-route': staleRoute,
  'idle-timeout': idleTimeout,
} as const;
