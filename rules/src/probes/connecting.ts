import {
  agentsTell,
  isOpen,
  isWanted,
  openedMs,
  openForS,
  serverService,
  speaking,
  unconnectedSinceMs,
} from '../signals/derive.js';
import { clickhouseTime, quoted } from '@halfopen/store';
import type { ChannelSignals, ConnectionSignals } from '../signals/signals.js';
import { populationsSql } from '../signals/populations.js';
import { LISTENER_S } from '../signals/windows.js';
import {
  clock,
  count,
  duration,
  factSql,
  notSo,
  seen,
  unobserved,
  type ProbeDefinition,
  type Reading,
} from './probe.js';

/** Is a channel that should be connected without a connection? */
export const unconnected: ProbeDefinition = {
  group: 'connection',
  question: 'Is a channel that should be connected without a connection?',
  measure: { action: 'Look whether the channel is connected.', yes: 'it is not', no: 'it is' },
  read(signals) {
    const sql = factSql(
      signals,
      ['ends', 'connections', 'expectations'],
      'channel_end, connected, first_state_ms, state_ms, connected_ms, last_connected_ms, closed_at, first_event_at, first_expected_at',
    );
    if (isOpen(signals)) return notSo('the connection is open', sql);
    if (!isWanted(signals))
      return unobserved(
        'whether the channel should be connected: neither the inventory nor the agent says so',
      );
    const since_ms = unconnectedSinceMs(signals);
    return seen(
      `no connection has been open since ${clock(since_ms)}, for ${duration((signals.instant_ms - since_ms) / 1000)}`,
      sql,
    );
  },
};

/** A kind of failed attempt, counted over the last two minutes. */
function attemptsProbe(
  columns: readonly (keyof ConnectionSignals & `attempts_${string}`)[],
  question: string,
  /** What attempts do that end otherwise. */
  otherwise: string,
  statement: (n: number, seen: ConnectionSignals) => string,
): ProbeDefinition {
  return {
    group: 'attempts',
    question,
    measure: {
      action:
        "Look at the agent's connection attempts: where they go, how far they come, what answers (channel.connect spans).",
      yes: 'attempts end so',
      no: 'attempts end otherwise',
    },
    read(signals): Reading {
      const { connections } = signals;
      if (connections === undefined || connections.attempts === 0)
        return unobserved('how attempts to connect end: none was reported in the last two minutes');
      const n = columns.reduce((sum, name) => sum + connections[name], 0);
      const sql = factSql(
        signals,
        'connections',
        `attempts, ${columns.join(', ')}, target, last_status_code`,
      );
      return n > 0
        ? seen(statement(n, connections), sql)
        : notSo(
            `none of the ${count(connections.attempts, 'attempt')} in the last two minutes ${otherwise}`,
            sql,
          );
    },
  };
}

export const attemptsFindNobody = attemptsProbe(
  ['attempts_refused', 'attempts_without_backend'],
  'Do attempts find nothing that listens (refused, or a proxy without its backend)?',
  'was refused or met a proxy without its backend',
  (n, seen) =>
    seen.attempts_refused > 0
      ? `${count(n, 'attempt')} in the last two minutes to ${seen.target} were refused: nothing listens there`
      : `${count(n, 'attempt')} in the last two minutes to ${seen.target} were answered ${seen.last_status_code ?? ''}: the proxy finds no backend`,
);

export const attemptsMisrouted = attemptsProbe(
  ['attempts_misrouted'],
  'Does something answer the upgrade that is not the server of the channel?',
  'was answered by something else',
  (n, seen) =>
    `${count(n, 'attempt')} in the last two minutes to ${seen.target} were answered ${seen.last_status_code ?? ''}: what answers is not the channel's server`,
);

export const attemptsUnauthorized = attemptsProbe(
  ['attempts_unauthorized'],
  'Are credentials refused?',
  'was refused for its credentials',
  (n, seen) =>
    `${count(n, 'attempt')} in the last two minutes to ${seen.target} were refused for their credentials`,
);

export const attemptsTimeOut = attemptsProbe(
  ['attempts_timed_out'],
  'Do attempts time out?',
  'timed out',
  (n, seen) => `${count(n, 'attempt')} in the last two minutes to ${seen.target} timed out`,
);

/** Does the agent make no attempt that could succeed? */
export const noUsefulAttempt: ProbeDefinition = {
  group: 'attempts-made',
  question: 'Does the agent make no attempt, or only attempts at an impossible address?',
  measure: {
    action: "Read the agent's configured server address, and watch whether it dials.",
    yes: 'it does not dial, or dials an impossible address',
    no: 'it dials an address that exists',
  },
  read(signals) {
    if (isOpen(signals)) return unobserved('whether the agent tries to connect: it is connected');
    const { connections } = signals;
    // One that succeeded led to the connection that is gone.
    const attempts = connections?.attempts_failed ?? 0;
    const sql = factSql(signals, 'connections', 'attempts_failed, attempts_impossible, target');
    if (connections !== undefined && connections.attempts_impossible > 0) {
      return seen(`the agent dials an impossible address (${connections.target})`, sql);
    }
    if (attempts > 0)
      return notSo(
        `the agent tries to connect: ${count(attempts, 'attempt')} failed in the last two minutes`,
        sql,
      );
    if (!agentsTell(signals))
      return unobserved('whether the agent tries to connect: the agents of this server send no telemetry');
    return speaking(signals, 'agent') !== undefined || signals.expectation?.expected === true
      ? seen('nobody has seen an attempt to connect since it was last connected', sql)
      : unobserved('whether the agent tries to connect: nobody would see it');
  },
};

/** Are the other channels of the server without a connection too? */
export const othersUnconnected: ProbeDefinition = {
  group: 'others-unconnected',
  question: 'Are most of the channels of the same server without a connection?',
  measure: {
    action: 'Look whether other agents of the same server are connected.',
    yes: 'most are not: look at what all of them dial',
    no: 'most are: look at this agent, and at what it dials',
  },
  read(signals) {
    const service = serverService(signals);
    const population = signals.fleet.populations.get(service);
    if (population === undefined || population.channels < 2)
      return unobserved('whether other channels of the server are connected: nobody tells of others');
    const { channels, open } = population;
    const sql = populationsSql(signals.instant_ms, service);
    const words = `${open} of the ${channels} channels of this server are open`;
    return open * 2 < channels - 1 ? seen(words, sql) : notSo(words, sql);
  },
};

/** Does the server say that its listener is not up? */
export const listenerDown: ProbeDefinition = {
  group: 'listener',
  question: 'Does the server say that nothing listens?',
  measure: {
    action:
      'Look on the server host whether anything listens on the channel port (ss -ltn, or have the server report listener.state).',
    yes: 'nothing listens there',
    no: 'the server listens: something before it answers',
  },
  read(signals) {
    const listener = signals.fleet.listeners.get(serverService(signals));
    if (listener === undefined)
      return unobserved('whether the server listens: it does not report its listeners');
    const sql = listenerSql(signals);
    return listener.up
      ? notSo(`the server says that it listens on ${listener.address}`, sql)
      : seen(`the server says that nothing listens on ${listener.address}`, sql);
  },
};

/** What each listener of the channel's server said last. */
function listenerSql(signals: ChannelSignals): string {
  const at = `toDateTime64('${clickhouseTime(signals.instant_ms)}', 3)`;
  return `SELECT service, service_instance, server_address, server_port, listener_up, error_type, seen_at
FROM listener_states
WHERE service = ${quoted(serverService(signals))} AND seen_at <= ${at} AND seen_at > ${at} - INTERVAL ${LISTENER_S} SECOND
ORDER BY seen_at DESC
LIMIT 1 BY service_instance, server_address, server_port`;
}

/** Do connections end because the server's monitor misses heartbeats? */
export const closedByMonitor: ProbeDefinition = {
  group: 'closes',
  question: "Does the server's monitor close the connections?",
  measure: {
    action:
      "Read who closed the last connections, and why (channel.close spans of both ends, the server's log).",
    yes: 'the monitor of the server closes them for missed heartbeats',
    no: 'somebody else closes them',
  },
  read(signals) {
    const { connections } = signals;
    if (connections === undefined || connections.closes === 0)
      return unobserved('who closes the connections: none was closed in the last ten minutes');
    const sql = closesSql(signals, 'closes_for_heartbeat, closes_by_transport, close_code');
    return connections.closes_for_heartbeat > 0
      ? seen(
          `${count(connections.closes_for_heartbeat, 'connection')} were closed for missed heartbeats${lifetimes(connections, signals)}`,
          sql,
        )
      : notSo(
          `none of the last ${count(connections.closes, 'close')} was for missed heartbeats${lifetimes(connections, signals)}`,
          sql,
        );
  },
};

/** A connection that has been open for so long is not cut at a fixed age, s: proxies' limits are a minute or so. */
const UNCUT_S = 150;

/** Do connections end at the transport, at a fixed age that is no configured limit of either end? */
export const closedByTransport: ProbeDefinition = {
  group: 'closes',
  question: 'Are connections cut by the transport at a fixed age that is no configured limit of either end?',
  measure: {
    action:
      'Compare the lifetimes of the last connections with the limits configured at both ends and in every proxy between.',
    yes: 'a middlebox closes quiet connections',
    no: 'the lifetimes do not point to a middlebox',
  },
  read(signals) {
    const { connections } = signals;
    const open_s = openForS(signals);
    if (open_s >= UNCUT_S && (connections?.closes ?? 0) < 2)
      return notSo(
        `nothing cuts the connection: it has been open since ${clock(openedMs(signals) ?? 0)}`,
        factSql(signals, ['ends', 'connections'], 'channel_end, connected, connected_ms, connected_at'),
      );
    if (connections === undefined || connections.closes < 2)
      return unobserved(
        'whether something between cuts the connections: fewer than two closes in ten minutes',
      );
    const sql = closesSql(signals, 'closes_by_transport, lifetimes_alike');
    return connections.closes_by_transport >= 2 && connections.lifetimes_alike
      ? seen(
          `the transport cut ${count(connections.closes_by_transport, 'connection')} at nearly the same age${lifetimes(connections, signals)}`,
          sql,
        )
      : notSo(
          `the connections are not cut by the transport at a fixed age${lifetimes(connections, signals)}`,
          sql,
        );
  },
};

/** With the limits that the ends report, for a lifetime says something beside them only. */
function closesSql(signals: ChannelSignals, columns: string): string {
  return factSql(
    signals,
    ['connections', 'ends'],
    `closes, ${columns}, lifetimes_ms, channel_end, heartbeat_timeout_ms`,
  );
}

function lifetimes(connections: ConnectionSignals, signals: ChannelSignals): string {
  if (connections.lifetimes_ms.length === 0) return '';
  const limit_ms = signals.ends.server?.heartbeat_timeout_ms ?? signals.ends.agent?.heartbeat_timeout_ms;
  const lived = connections.lifetimes_ms.map((lived_ms) => duration(lived_ms / 1000)).join(', ');
  return ` (they lived ${lived}${limit_ms === null || limit_ms === undefined ? '' : `; the configured limit is ${duration(limit_ms / 1000)}`})`;
}
