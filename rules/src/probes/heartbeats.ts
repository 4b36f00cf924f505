import {
  gapAtAgent,
  gapAtServer,
  heartbeatIntervalS,
  openForS,
  recordAgeS,
  speaking,
  type HeartbeatGap,
} from '../signals/derive.js';
import type { ChannelSignals } from '../signals/signals.js';
import {
  clock,
  duration,
  factSql,
  notSo,
  seen,
  silent,
  unobserved,
  type ProbeDefinition,
  type Reading,
} from './probe.js';

/** Contract: a heartbeat gap is two missed beats. */
export const MISSED_BEATS = 2;

/**
 * How much of the gap the counters themselves must prove, in intervals: the first missed beat. (States come every ten
 * seconds, so the last stretch of the gap rests on frame spans alone, which may be sampled or lost.)
 */
const PROVEN_BEATS = 1.2;

/** Two beats missed, by this end's clock, the first of them proven by its counters. */
export function isGap(gap: HeartbeatGap | undefined, interval_s: number | undefined): boolean {
  return (
    gap !== undefined &&
    interval_s !== undefined &&
    gap.gap_s >= MISSED_BEATS * interval_s &&
    gap.proven_s >= PROVEN_BEATS * interval_s
  );
}

/** Is the agent's heartbeat timer off while it is connected? */
export const heartbeatTimerOff: ProbeDefinition = {
  group: 'heartbeat-timer',
  question: "Is the agent's heartbeat timer off while it is connected?",
  measure: {
    action:
      "Look whether the agent's heartbeat timer was started (channel.heartbeat.active at the agent end).",
    yes: 'the timer was never started, or was stopped',
    no: 'the timer runs',
  },
  read(signals) {
    const agent = speaking(signals, 'agent');
    if (agent === undefined)
      return unobserved(`whether the agent's heartbeat timer runs: ${silent(signals, 'agent')}`);
    if (agent.heartbeat_active === null)
      return unobserved("whether the agent's heartbeat timer runs: the agent end does not report it");
    const sql = factSql(signals, 'ends', 'connected, heartbeat_active, heartbeat_interval_ms', 'agent');
    return agent.connected && agent.heartbeat_active === 0
      ? seen('the agent is connected and its heartbeat timer does not run', sql)
      : notSo("the agent's heartbeat timer runs", sql);
  },
};

/** Has the agent written no heartbeat for two intervals? */
export const heartbeatsNotWritten: ProbeDefinition = {
  group: 'heartbeats-written',
  question: 'Has the agent written no heartbeat for two intervals?',
  measure: {
    action:
      "Count the heartbeats that the agent writes (channel.tx.heartbeats at the agent end, or a relay's tap at its site).",
    yes: 'the agent does not send heartbeats',
    no: 'the agent sends them: they die later',
  },
  read(signals) {
    const why = 'whether the agent writes heartbeats';
    if (speaking(signals, 'agent') === undefined) return unobserved(`${why}: ${silent(signals, 'agent')}`);
    return readGap(signals, gapAtAgent(signals), why, {
      sql: gapSql(signals, 'tx_heartbeats, tx_heartbeats_moved_ms, written_at'),
      none: 'the agent has written no heartbeat',
      fine: 'the agent writes heartbeats',
    });
  },
};

/** Has the server received no heartbeat for two intervals? */
export const heartbeatsNotReceived: ProbeDefinition = {
  group: 'heartbeats-received',
  question: 'Has the server received no heartbeat for two intervals?',
  measure: {
    action: 'Count the heartbeats that arrive at the server (channel.rx.heartbeats at the server end).',
    yes: 'no heartbeat arrives at the server',
    no: 'heartbeats arrive: they die behind the receive',
  },
  read(signals) {
    const why = 'whether heartbeats arrive at the server';
    if (speaking(signals, 'server') === undefined) return unobserved(`${why}: ${silent(signals, 'server')}`);
    return readGap(signals, gapAtServer(signals), why, {
      sql: gapSql(signals, 'rx_heartbeats, rx_heartbeats_moved_ms, received_at'),
      none: 'the server has received no heartbeat',
      fine: 'heartbeats arrive at the server',
    });
  },
};

/** Both ends, for either may be the one that says how often heartbeats are due; their spans, which know when they came. */
function gapSql(signals: ChannelSignals, counted: string): string {
  return factSql(
    signals,
    ['ends', 'heartbeats'],
    `channel_end, ${counted}, connected_ms, state_ms, now_ms, heartbeat_interval_ms, heartbeat_timeout_ms, median_gap_s`,
  );
}

function readGap(
  signals: ChannelSignals,
  gap: HeartbeatGap | undefined,
  why: string,
  words: { readonly sql: string; readonly none: string; readonly fine: string },
): Reading {
  const interval_s = heartbeatIntervalS(signals);
  if (gap === undefined) return unobserved(`${why}: no connection is open, or that end does not count them`);
  if (interval_s === undefined) return unobserved(`${why}: nobody reports how often they are due`);
  if (isGap(gap, interval_s)) {
    const since = gap.beat ? `since ${clock(gap.since_ms)}` : `since it connected at ${clock(gap.since_ms)}`;
    return seen(
      `${words.none} ${since}, for ${duration(gap.gap_s)} (due every ${duration(interval_s)})`,
      words.sql,
      gap.since_ms,
    );
  }
  return gap.beat && gap.gap_s < MISSED_BEATS * interval_s
    ? notSo(
        `${words.fine}, the last at ${clock(gap.since_ms)} (due every ${duration(interval_s)})`,
        words.sql,
        gap.since_ms,
      )
    : unobserved(`${why}: the connection is too young`);
}

/** Does the agent hand over heartbeats that are not written? */
export const heartbeatsQueued: ProbeDefinition = {
  group: 'heartbeats-written',
  question: 'Does the agent hand over heartbeats that are never written?',
  measure: {
    action:
      "Compare the agent's enqueued heartbeats with those written (frame.enqueue and frame.socket_write at the agent end).",
    yes: 'heartbeats are queued or suppressed at the agent',
    no: 'the agent hands over none, or writes what it hands over',
  },
  read(signals) {
    const beats = signals.heartbeats;
    const agent = speaking(signals, 'agent');
    const interval_s = heartbeatIntervalS(signals);
    if (agent === undefined)
      return unobserved(`whether heartbeats wait at the agent: ${silent(signals, 'agent')}`);
    if (typeof beats?.enqueued_ms !== 'number' || interval_s === undefined)
      return unobserved('whether heartbeats wait at the agent: no span tells of one handed over');
    const sql = factSql(signals, 'heartbeats', 'enqueued_at, written_at');
    // A span of the write may be lost; then the agent's next state counts it.
    const counts = agent.tx_heartbeats !== null;
    if (counts && agent.state_ms <= beats.enqueued_ms)
      return unobserved('whether heartbeats wait at the agent: the last one was handed over just now');
    const counted_ms = counts && agent.tx_heartbeats > 0 ? agent.tx_heartbeats_moved_ms : 0;
    const written_ms = Math.max(beats.written_ms ?? 0, counted_ms);
    const lead_s = (beats.enqueued_ms - Math.max(written_ms, agent.connected_ms)) / 1000;
    return lead_s > interval_s / 2
      ? seen(
          `the agent handed over a heartbeat at ${clock(beats.enqueued_ms)}, and the last one written was ${beats.written_ms === null ? 'none' : `at ${clock(beats.written_ms)}`}`,
          sql,
        )
      : notSo('the agent writes the heartbeats that it hands over', sql);
  },
};

/** Is the server's record of the agent old although the connection is open? */
export const recordStale: ProbeDefinition = {
  group: 'last-seen-record',
  question: "Is the server's own record of the agent two intervals old?",
  measure: {
    action:
      "Look at the age of the server's record of the agent (channel.last_seen.age_ms, or the database's last_heartbeat).",
    yes: 'the record does not advance',
    no: 'the record is current',
  },
  read(signals) {
    const age_s = recordAgeS(signals);
    const interval_s = heartbeatIntervalS(signals);
    if (age_s === undefined)
      return unobserved(
        `the age of the server's record of the agent: ${speaking(signals, 'server') === undefined ? silent(signals, 'server') : 'the server end does not report it'}`,
      );
    if (interval_s === undefined)
      return unobserved('whether the record is old: nobody reports how often heartbeats are due');
    const sql = factSql(signals, 'ends', 'last_seen_age_ms, state_ms, now_ms', 'server');
    if (age_s >= MISSED_BEATS * interval_s && openForS(signals) >= MISSED_BEATS * interval_s) {
      return seen(
        `the server's record of the agent is ${duration(age_s)} old, on a connection that has been open for longer than two intervals`,
        sql,
      );
    }
    return notSo(
      `the server's record of the agent is ${duration(age_s)} old`,
      sql,
      signals.instant_ms - age_s * 1000,
    );
  },
};

/** Are heartbeats dropped at the server before their handler? */
export const heartbeatsDropped: ProbeDefinition = {
  group: 'server-rx_unrouted',
  question: 'Are heartbeats dropped at the server before their handler?',
  measure: {
    action:
      'Look for heartbeats that the server receives and does not route (frame.outcome dropped, drop_reason unrouted).',
    yes: 'heartbeats arrive and are not routed',
    no: 'heartbeats that arrive reach their handler',
  },
  read(signals) {
    const beats = signals.heartbeats;
    if (speaking(signals, 'server') === undefined)
      return unobserved(`whether heartbeats reach their handler: ${silent(signals, 'server')}`);
    const sql = factSql(signals, 'heartbeats', 'received_at, dropped_at, executed_at');
    if (typeof beats?.dropped_ms === 'number' && beats.dropped_ms >= (beats.executed_ms ?? 0)) {
      return seen(`the server dropped a heartbeat at ${clock(beats.dropped_ms)} before its handler`, sql);
    }
    return typeof beats?.executed_ms === 'number'
      ? notSo(`heartbeats reach their handler at the server, the last at ${clock(beats.executed_ms)}`, sql)
      : unobserved('whether heartbeats reach their handler: no span of the server tells');
  },
};

/** So many intervals of heartbeats received and not handled are two at least, whatever becomes of one span. */
const UNHANDLED_BEATS = 1.5;

/** Do heartbeats arrive at the server, by their spans, and nothing begins to handle them? */
export const heartbeatsUnhandled: ProbeDefinition = {
  group: 'server-executions',
  question: 'Do heartbeats that arrive at the server stay without a handler that runs?',
  measure: {
    action:
      'Look for the handling of heartbeats at the server (frame.execute of heartbeats at the server end).',
    yes: 'heartbeats arrive and none is handled',
    no: 'heartbeats that arrive are handled',
  },
  read(signals) {
    const beats = signals.heartbeats;
    const interval_s = heartbeatIntervalS(signals);
    const why = 'whether heartbeats are handled at the server';
    if (speaking(signals, 'server') === undefined) return unobserved(`${why}: ${silent(signals, 'server')}`);
    // A server that tells of no execution at all may just not tell.
    if (typeof beats?.executed_ms !== 'number' || beats.received_ms === null || interval_s === undefined)
      return unobserved(`${why}: no span tells of one handled`);
    const sql = factSql(signals, 'heartbeats', 'received_at, executed_at, execution_failed_at, dropped_at');
    const handled_ms = Math.max(beats.executed_ms, beats.failed_ms ?? 0, beats.dropped_ms ?? 0);
    const [received, handled] = [clock(beats.received_ms), clock(handled_ms)];
    return beats.received_ms - handled_ms > UNHANDLED_BEATS * interval_s * 1000
      ? seen(
          `heartbeats arrive at the server, the last at ${received}, and none was handled since ${handled}`,
          sql,
        )
      : notSo(`the server handles the heartbeats that arrive, the last at ${handled}`, sql, handled_ms);
  },
};
