import type { CauseName } from '@halfopen/telemetry';

import { change, type Conditions, type Undo } from '../conditions.js';
import { type Disturbance, each, MID_RUN_MS, ofKind } from './disturbance.js';

const heartbeat = ofKind('heartbeat');

function heartbeatFault(
  cause: CauseName,
  meaning: string,
  atMs: number,
  inject: (conditions: Conditions) => Undo,
): Disturbance {
  return {
    cause,
    meaning,
    strikes: 'channel',
    atMs,
    options: [],
    inject: (channels) => each(channels, ({ conditions }) => inject(conditions)),
  };
}

const notSent: Disturbance = {
  cause: 'heartbeat-not-sent',
  meaning:
    'The timer runs, and its frames stay in the queue; variant suppressed: a flag says "not connected" and they are dropped.',
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: ['variant'],
  variants: ['queued', 'suppressed'],
  inject: (channels, { variant = 'queued' }) =>
    each(channels, ({ conditions }) =>
      change(
        conditions.agent,
        variant === 'suppressed' ? { suppressesHeartbeats: true } : { holds: heartbeat },
      ),
    ),
};

/** Where a heartbeat can die; in each case the server's monitor closes the connection in the end. */
export const HEARTBEAT_FAULTS = {
  'heartbeat-not-started': heartbeatFault(
    'heartbeat-not-started',
    "The agent's heartbeat timer is never started.",
    0,
    ({ agent }) => change(agent, { heartbeatTimer: 'not-started' }),
  ),
  'heartbeat-not-sent': notSent,
  'heartbeat-unrouted': heartbeatFault(
    'heartbeat-unrouted',
    'Heartbeats arrive, and a guard drops them before their handler.',
    MID_RUN_MS,
    ({ server }) => change(server, { misroutes: heartbeat }),
  ),
  'heartbeat-handler-error': heartbeatFault(
    'heartbeat-handler-error',
    "The heartbeats' handler throws.",
    MID_RUN_MS,
    ({ server }) => change(server, { fails: heartbeat }),
  ),
  'last-seen-not-recorded': heartbeatFault(
    'last-seen-not-recorded',
    "The heartbeats' handler succeeds, and the record is not written.",
    MID_RUN_MS,
    ({ server }) => change(server, { recordsLastSeen: false }),
  ),
} as const;
