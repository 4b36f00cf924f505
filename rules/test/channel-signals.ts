import type {
  ChannelSignals,
  ConnectionSignals,
  EndSignals,
  ExpectationSignals,
} from '../src/signals/signals.js';

/** Made by hand, for what is pure: a channel that has been open for five minutes and on which everything is well. */

export const NOW_MS = Date.UTC(2026, 9, 1, 12, 10);
export const ago = (seconds: number): number => NOW_MS - seconds * 1000;

const UNKNOWN = { transport: 'websocket', agent_version: '', site: '', gateway: '' };

/** Ten frames of each kind, the last of each ten seconds ago. */
const COUNTED = {
  ...{
    tx_any: 40,
    rx_any: 40,
    tx_frames: 30,
    rx_frames: 30,
    tx_control: 10,
    rx_control: 10,
    tx_heartbeats: 10,
    rx_heartbeats: 10,
  },
  ...{ tx_commands: 10, rx_commands: 10, rx_acks: 10, tx_acks: 10, executed: 10 },
};
const MOVED = {
  ...{ tx_any_moved_ms: ago(10), rx_any_moved_ms: ago(10), tx_frames_moved_ms: ago(10) },
  ...{ tx_control_moved_ms: ago(10), rx_control_moved_ms: ago(10), rx_acks_moved_ms: ago(10) },
  ...{ tx_heartbeats_moved_ms: ago(10), rx_heartbeats_moved_ms: ago(10), executed_moved_ms: ago(10) },
};
const NOTHING_DUE = {
  ...{ acks_due: 0, acks_overdue: 0, acks_long_overdue: 0, pongs_due: 0, pongs_overdue: 0 },
  ...{ executions_due: 0, executions_overdue: 0, executions_long_overdue: 0, replies_overdue: 0 },
  ...{ beat_executions_due: 0, beat_executions_overdue: 0 },
};

export function endSignals(said: Partial<EndSignals> = {}): EndSignals {
  return {
    ...UNKNOWN,
    ...COUNTED,
    ...MOVED,
    ...NOTHING_DUE,
    connection_id: 'c1',
    service: 'control-server',
    first_state_ms: ago(300),
    state_ms: ago(5),
    now_ms: NOW_MS,
    connected: true,
    connected_ms: ago(300),
    last_connected_ms: 0,
    reader_alive: 1,
    writer_alive: 1,
    handler_alive: 1,
    heartbeat_active: 1,
    queue_depth: 0,
    queue_oldest_ms: 0,
    executing: 0,
    last_seen_age_ms: 10_000,
    heartbeat_interval_ms: 30_000,
    heartbeat_timeout_ms: 90_000,
    state_interval_ms: 10_000,
    reader_alive_ms: ago(5),
    handler_alive_ms: ago(5),
    event_loop_lag_peak_ms: 3,
    executing_floor: 0,
    rx_decode_errors_recent: 0,
    rx_unrouted_recent: 0,
    handler_errors_recent: 0,
    rx_decode_errors_settled: 0,
    executed_recent: 5,
    rx_frames_recent: 15,
    tx_anywhere_moved_ms: 0,
    tx_settled: [40, 10, 10, 10, 10],
    tx_settled_before: [20, 5, 5, 5, 5],
    rx_now: [40, 10, 10, 10, 10],
    rx_before: [20, 5, 5, 5, 5],
    ...said,
  };
}

export function connectionSignals(seen: Partial<ConnectionSignals> = {}): ConnectionSignals {
  return {
    ...{ site: '', gateway: '', agent_version: '', first_event_ms: ago(300), connected_ms: ago(300) },
    ...{
      attempts: 0,
      attempts_failed_by_agent: 0,
      attempts_failed: 0,
      attempts_refused: 0,
      attempts_timed_out: 0,
    },
    ...{
      attempts_without_backend: 0,
      attempts_unauthorized: 0,
      attempts_misrouted: 0,
      attempts_impossible: 0,
    },
    ...{ target: 'control.example:443', last_status_code: null, closed_ms: null, close_code: null },
    ...{ closed_by: '', close_deliberate: false, closes: 0, lifetimes_ms: [], lifetimes_alike: false },
    ...{ closes_by_transport: 0, closes_for_heartbeat: 0 },
    ...seen,
  };
}

export function expectation(seen: Partial<ExpectationSignals> = {}): ExpectationSignals {
  return {
    ...{
      service: 'control-server',
      site: '',
      gateway: '',
      first_expected_ms: ago(600),
      last_expected_ms: ago(60),
    },
    expected: true,
    ...seen,
  };
}

export function channelSignals(seen: Partial<ChannelSignals> = {}): ChannelSignals {
  return {
    channel: 'a',
    instant_ms: NOW_MS,
    ends: { server: endSignals(), agent: endSignals() },
    pending: {},
    connections: connectionSignals(),
    expectation: expectation(),
    heartbeats: undefined,
    fleet: {
      acknowledging: new Set(['control-server']),
      listeners: new Map(),
      populations: new Map(),
      server_lag_ms: new Map(),
      server_state_ms: new Map([['control-server', ago(5)]]),
    },
    ...seen,
  };
}
