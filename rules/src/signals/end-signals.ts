import { column, selectList, type Column } from './column.js';
import { COUNTER_ORDER, counterIndex, DUE_PAIRS, endArrays, GAUGE_ORDER, gaugeIndex } from './end-arrays.js';
import type { ChannelScope } from './scope.js';
import { CROSSING_S, FLOOR_S, LONG_OVERDUE_S, OVERDUE_S, RECENT_S } from './windows.js';

/**
 * View `end_signals(at, channel)`: `end_arrays` with names. What each end of each channel says about its present
 * connection at an instant, one row per channel and end; NULL is unobserved. Rules read it, and the facts of an incident
 * quote it.
 */
export function endSignalsView(): string {
  return `CREATE OR REPLACE VIEW end_signals AS
${endSignalsOver('end_arrays(at = {at:DateTime64(3)}, channel = {channel:String})')}`;
}

export function endSignals(scope: ChannelScope): string {
  return endSignalsOver(`(${endArrays(scope)})`);
}

function endSignalsOver(arrays: string): string {
  return `SELECT
    channel_id,
    channel_end,
    connection_id,
${selectList(END_SIGNALS)}
FROM ${arrays}`;
}

/** Frames by class, compared across the ends: counted as written at one, as received at the other. */
export const CROSSING_CLASSES = ['any', 'control', 'heartbeats', 'commands', 'acks'] as const;
export type CrossingClass = (typeof CROSSING_CLASSES)[number];

/** Errors whose recent growth matters. */
const ERRORS = ['rx_decode_errors', 'rx_unrouted', 'handler_errors'];

const LABELS = ['transport', 'agent_version', 'site', 'gateway', 'service', 'service_instance'];

const counter = (name: string): string => `counters_now[${counterIndex(name)}]`;

const byClass = (array: string, prefix: string): string =>
  `[${CROSSING_CLASSES.map((name) => `${array}[${counterIndex(`${prefix}_${name}`)}]`).join(', ')}]`;

/** Every column of the view but its keys. */
export const END_SIGNALS: readonly Column[] = [
  ...LABELS.map((name, index) => column(name, `labels.${index + 1}`, 'as last reported')),
  column(
    'first_state_ms',
    'first_state_ms',
    'first state of the connection in the window, ms since the epoch',
  ),
  column('state_ms', 'state_ms', 'last state'),
  column(
    'now_ms',
    'toUnixTimestamp64Milli(end_now)',
    "the end's own present: its last state and one period, not past the instant",
  ),
  column('connected', 'connected', 'as last claimed'),
  column('connected_ms', 'connected_ms', 'first state that claims to be connected; 0 where none does'),
  column(
    'last_connected_ms',
    'last_connected_ms',
    'last state that claims to be connected; 0 where none does',
  ),
  ...GAUGE_ORDER.map((name) => column(name, `gauges_now[${gaugeIndex(name)}]`, 'as last reported')),
  column(
    'reader_alive_ms',
    `gauges_positive_ms[${gaugeIndex('reader_alive')}]`,
    'last state that claims a living reader; 0 where none does',
  ),
  column(
    'handler_alive_ms',
    `gauges_positive_ms[${gaugeIndex('handler_alive')}]`,
    'last state that claims a living handler; 0 where none does',
  ),
  column(
    'event_loop_lag_peak_ms',
    `gauges_peak[${gaugeIndex('event_loop_lag_ms')}]`,
    `greatest lag of the event loop in the last ${RECENT_S} s; -1 unobserved`,
  ),
  column(
    'executing_floor',
    `gauges_floor[${gaugeIndex('executing')}]`,
    `handlers that ran at every state of the last ${FLOOR_S} s, at least; -1 unobserved`,
  ),
  ...COUNTER_ORDER.map((name) => column(name, counter(name), 'counter of the connection')),
  ...COUNTER_ORDER.filter((name) => !ERRORS.includes(name)).map((name) =>
    column(
      `${name}_moved_ms`,
      `moved_ms[${counterIndex(name)}]`,
      `first state that shows the present value of ${name}`,
    ),
  ),
  ...DUE_PAIRS.flatMap(({ name, meaning }, index) => [
    column(`${name}_due`, `due[${index + 1}]`, meaning),
    column(`${name}_overdue`, `overdue[${index + 1}]`, `those of them older than ${OVERDUE_S} s`),
    column(
      `${name}_long_overdue`,
      `long_overdue[${index + 1}]`,
      `those of them older than ${LONG_OVERDUE_S} s`,
    ),
  ]),
  ...ERRORS.map((name) =>
    column(
      `${name}_recent`,
      `${counter(name)} - recent_mark[${counterIndex(name)}]`,
      `${name} in the last ${RECENT_S} s`,
    ),
  ),
  ...['executed', 'rx_frames'].map((name) =>
    column(
      `${name}_recent`,
      `${counter(name)} - recent_mark[${counterIndex(name)}]`,
      `${name} in the last ${RECENT_S} s`,
    ),
  ),
  column(
    'tx_anywhere_moved_ms',
    'tx_anywhere_moved_ms',
    'first state that shows the last write into any connection that the end holds open',
  ),
  column(
    'rx_decode_errors_settled',
    `overdue_mark[${counterIndex('rx_decode_errors')}] - recent_mark[${counterIndex('rx_decode_errors')}]`,
    `those of the decode errors in the last ${RECENT_S} s that are older than ${OVERDUE_S} s`,
  ),
  column(
    'tx_settled',
    byClass('crossing_mark', 'tx'),
    `written until ${CROSSING_S} s ago, by class (${CROSSING_CLASSES.join(', ')}): should have arrived`,
  ),
  column(
    'tx_settled_before',
    byClass('crossing_mark_before', 'tx'),
    `written until ${CROSSING_S + RECENT_S} s ago, by class`,
  ),
  column('rx_now', byClass('counters_now', 'rx'), 'received, by class'),
  column('rx_before', byClass('recent_mark', 'rx'), `received until ${RECENT_S} s ago, by class`),
];
