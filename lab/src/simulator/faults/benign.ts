import { change } from '../conditions.js';
import { CLOSE_CODE } from '../connection.js';
import type { Fleet } from '../fleet.js';
import type { Process } from '../process.js';
import { type Disturbance, type DisturbanceOptions, each, irreversible, MID_RUN_MS } from './disturbance.js';

const RESTART_US = 4_000_000;

const longCommand: Disturbance = {
  cause: undefined,
  meaning: 'Commands take `forMs`, while acknowledgements, pongs and heartbeats flow.',
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: ['forMs'],
  inject: (channels, { forMs = 300_000 }) =>
    each(channels, ({ conditions }) => change(conditions.agent, { commandDurationUs: forMs * 1000 })),
};

const idle: Disturbance = {
  cause: undefined,
  meaning: 'No commands are sent.',
  strikes: 'fleet',
  atMs: 0,
  options: [],
  inject: (channels) =>
    each(channels, ({ conditions }) => change(conditions.server, { commandIntervalMs: undefined })),
};

const load: Disturbance = {
  cause: undefined,
  meaning: 'Commands come every half second on each channel.',
  strikes: 'fleet',
  atMs: 0,
  options: [],
  inject: (channels) =>
    each(channels, ({ conditions }) => change(conditions.server, { commandIntervalMs: 500 })),
};

const deploy: Disturbance = {
  cause: undefined,
  meaning:
    'The server restarts: all channels close with 1012 (variant away: 1001) and are back within a minute.',
  strikes: 'fleet',
  atMs: MID_RUN_MS,
  options: ['variant'],
  variants: ['restart', 'away'],
  inject: (_channels, { variant = 'restart' }, { server }) => {
    server.restart(variant === 'away' ? CLOSE_CODE.goingAway : CLOSE_CODE.serviceRestart, RESTART_US);
    return irreversible;
  },
};

const agentRemoved: Disturbance = {
  cause: undefined,
  meaning: 'The agent closes cleanly and ends, and is absent from later sweeps of the inventory.',
  strikes: 'channel',
  atMs: MID_RUN_MS,
  options: [],
  inject: (channels, _options, { server }) => {
    for (const channel of channels) {
      server.forget(channel);
      channel.agent.stop(CLOSE_CODE.normal, 'removed');
    }
    return irreversible;
  },
};

const clockSkew: Disturbance = {
  cause: undefined,
  meaning: "An end's clock is `forMs` ahead.",
  strikes: 'fleet',
  atMs: 0,
  options: ['end', 'forMs'],
  inject: (channels, options, fleet) => {
    const offsetUs = (options.forMs ?? 30_000) * 1000;
    for (const process of processes(channels, options, fleet)) process.clockOffsetUs = offsetUs;
    return irreversible;
  },
};

const exporterDown: Disturbance = {
  cause: undefined,
  meaning: "An end's telemetry exporter is down: what it would have sent is lost.",
  strikes: 'channel',
  atMs: MID_RUN_MS,
  untilMs: MID_RUN_MS + 240_000,
  options: ['end'],
  inject: (channels, options, fleet) => {
    const exporters = processes(channels, options, fleet).map(({ exporter }) => exporter);
    for (const exporter of exporters) exporter.down = true;
    return () => {
      for (const exporter of exporters) exporter.down = false;
    };
  },
};

const spansLost: Disturbance = {
  cause: undefined,
  meaning: 'A fraction of all spans, states included, is lost at random on the way to the collector.',
  strikes: 'fleet',
  atMs: 0,
  options: ['fraction'],
  inject: (channels, { fraction = 0.2 }, { server }) => {
    server.process.lossFraction = fraction;
    for (const { agent } of channels) agent.process.lossFraction = fraction;
    return irreversible;
  },
};

const slowPath: Disturbance = {
  cause: undefined,
  meaning: 'Every frame takes `forMs` longer, either way, and arrives.',
  strikes: 'site',
  atMs: MID_RUN_MS,
  options: ['forMs'],
  inject: (channels, { forMs = 2_000 }) =>
    each(channels, ({ conditions }) => change(conditions.path, { delayUs: forMs * 1000 })),
};

/** One server serves all channels; each agent is a process of its own. */
function processes(
  channels: Parameters<Disturbance['inject']>[0],
  { end = 'agent' }: DisturbanceOptions,
  { server }: Fleet,
): readonly Process[] {
  return end === 'server' ? [server.process] : channels.map(({ agent }) => agent.process);
}

/** What must never raise an alarm, save an info-severity `telemetry-gap`. */
export const BENIGN_DISTURBANCES = {
  'long-command': longCommand,
  idle,
  load,
  deploy,
  'agent-removed': agentRemoved,
  'clock-skew': clockSkew,
  'exporter-down': exporterDown,
  'spans-lost': spansLost,
  'slow-path': slowPath,
} as const;
