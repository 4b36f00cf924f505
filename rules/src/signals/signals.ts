/** What one end says about its present connection, as `end_signals` gives it. Moments are ms since the epoch; null is unobserved. */
export interface EndSignals {
  readonly connection_id: string;
  readonly transport: string;
  readonly agent_version: string;
  readonly site: string;
  readonly gateway: string;
  readonly service: string;
  readonly first_state_ms: number;
  readonly state_ms: number;
  readonly now_ms: number;
  readonly connected: boolean;
  readonly connected_ms: number;
  readonly last_connected_ms: number;
  readonly reader_alive: number | null;
  readonly writer_alive: number | null;
  readonly handler_alive: number | null;
  readonly heartbeat_active: number | null;
  readonly queue_depth: number | null;
  readonly queue_oldest_ms: number | null;
  readonly executing: number | null;
  readonly last_seen_age_ms: number | null;
  readonly heartbeat_interval_ms: number | null;
  readonly heartbeat_timeout_ms: number | null;
  readonly state_interval_ms: number | null;
  readonly reader_alive_ms: number;
  readonly handler_alive_ms: number;
  readonly event_loop_lag_peak_ms: number;
  readonly executing_floor: number;
  readonly tx_any: number | null;
  readonly rx_any: number | null;
  readonly tx_frames: number | null;
  readonly rx_frames: number | null;
  readonly tx_control: number | null;
  readonly rx_control: number | null;
  readonly tx_heartbeats: number | null;
  readonly rx_heartbeats: number | null;
  readonly tx_commands: number | null;
  readonly rx_commands: number | null;
  readonly rx_acks: number | null;
  readonly tx_acks: number | null;
  readonly executed: number | null;
  readonly tx_any_moved_ms: number;
  readonly rx_any_moved_ms: number;
  readonly tx_frames_moved_ms: number;
  readonly tx_control_moved_ms: number;
  readonly rx_control_moved_ms: number;
  readonly tx_heartbeats_moved_ms: number;
  readonly rx_heartbeats_moved_ms: number;
  readonly rx_acks_moved_ms: number;
  readonly executed_moved_ms: number;
  readonly acks_due: number | null;
  readonly acks_overdue: number | null;
  readonly acks_long_overdue: number | null;
  readonly pongs_due: number | null;
  readonly pongs_overdue: number | null;
  readonly executions_due: number | null;
  readonly executions_overdue: number | null;
  readonly executions_long_overdue: number | null;
  readonly replies_overdue: number | null;
  readonly beat_executions_due: number | null;
  readonly beat_executions_overdue: number | null;
  readonly rx_decode_errors_recent: number | null;
  readonly rx_unrouted_recent: number | null;
  readonly handler_errors_recent: number | null;
  readonly rx_decode_errors_settled: number;
  readonly executed_recent: number | null;
  readonly rx_frames_recent: number | null;
  readonly tx_anywhere_moved_ms: number;
  /** By class, in the order of `CROSSING_CLASSES`. */
  readonly tx_settled: readonly number[];
  readonly tx_settled_before: readonly number[];
  readonly rx_now: readonly (number | null)[];
  readonly rx_before: readonly number[];
}

/** Attempts and closes, as `connection_signals` gives them. */
export interface ConnectionSignals {
  readonly site: string;
  readonly gateway: string;
  readonly agent_version: string;
  readonly first_event_ms: number;
  readonly connected_ms: number | null;
  readonly attempts: number;
  readonly attempts_failed_by_agent: number;
  readonly attempts_failed: number;
  readonly attempts_refused: number;
  readonly attempts_timed_out: number;
  readonly attempts_without_backend: number;
  readonly attempts_unauthorized: number;
  readonly attempts_misrouted: number;
  readonly attempts_impossible: number;
  readonly target: string;
  readonly last_status_code: number | null;
  readonly closed_ms: number | null;
  readonly close_code: number | null;
  readonly closed_by: string;
  readonly close_deliberate: boolean;
  readonly closes: number;
  readonly lifetimes_ms: readonly number[];
  readonly lifetimes_alike: boolean;
  readonly closes_by_transport: number;
  readonly closes_for_heartbeat: number;
}

/** The server's inventory, as `expectation_signals` gives it. */
export interface ExpectationSignals {
  readonly service: string;
  readonly site: string;
  readonly gateway: string;
  readonly first_expected_ms: number;
  readonly last_expected_ms: number;
  readonly expected: boolean;
}

/** The last heartbeat by frame spans, as `heartbeat_signals` gives it. */
export interface HeartbeatSignals {
  readonly received_ms: number | null;
  readonly enqueued_ms: number | null;
  readonly written_ms: number | null;
  readonly executed_ms: number | null;
  readonly failed_ms: number | null;
  readonly dropped_ms: number | null;
  readonly median_gap_s: number | null;
}

/** Stages begun and not ended, of one end on its present connection, as `pending_signals` gives them. */
export interface PendingSignals {
  readonly connection_id: string;
  readonly writes: number;
  readonly executions: number;
  readonly oldest_write_ms: number | null;
  readonly oldest_execution_ms: number | null;
}

/** The channels of one server: how many there are, are open now, and have an agent that tells of itself. */
export interface Population {
  readonly channels: number;
  readonly open: number;
  readonly telling: number;
}

/** Frames that were executed more than once, as `duplicate_signals` gives them. */
export interface DuplicateSignals {
  readonly executed_twice: number;
  readonly last_frame_id: string;
  readonly last_executors: readonly string[];
  readonly first_twice_ms: number;
  readonly last_twice_ms: number;
}

/** What holds for all channels. */
export interface FleetSignals {
  /** Services some channel of which has had an acknowledgement: there, acknowledgements are due. */
  readonly acknowledging: ReadonlySet<string>;
  /** Listeners, by service of the server: is every one up? */
  readonly listeners: ReadonlyMap<string, { readonly up: boolean; readonly address: string }>;
  /** The last state that a server sent of any channel, by its service, ms since the epoch. */
  readonly server_state_ms: ReadonlyMap<string, number>;
  /** The greatest lag of a server's event loop in the last two minutes, by its service, told of any channel; absent where it tells of none. */
  readonly server_lag_ms: ReadonlyMap<string, number>;
  /** The channels of a server, by its service. */
  readonly populations: ReadonlyMap<string, Population>;
}

export type EndName = 'server' | 'agent';

/** A symptom that channels share: those of an incident, with one server, site, gateway or version. */
export interface SharedSymptom {
  readonly attribute: string;
  readonly value: string;
  /** The channels that show it. */
  readonly channels: readonly string[];
  readonly affected: number;
  /** Others that show it. */
  readonly others: readonly string[];
  /** Channels with the value, and others. */
  readonly of: number;
  readonly ofElsewhere: number;
  /** Of so many by coincidence. */
  readonly chance: number;
}

/** All that is known of one channel at one instant. An end that never spoke in the window is absent. */
export interface ChannelSignals {
  readonly channel: string;
  readonly instant_ms: number;
  readonly ends: Readonly<Partial<Record<EndName, EndSignals>>>;
  readonly pending: Readonly<Partial<Record<EndName, PendingSignals>>>;
  readonly connections: ConnectionSignals | undefined;
  readonly expectation: ExpectationSignals | undefined;
  readonly heartbeats: HeartbeatSignals | undefined;
  /** A relay's tap on the path; absent where there is none. */
  readonly relay?: EndSignals;
  /** Absent where no frame was executed twice. */
  readonly duplicates?: DuplicateSignals;
  readonly fleet: FleetSignals;
  /** Absent where the channel is looked at by itself. */
  readonly shared?: SharedSymptom;
}

/** A channel that nobody has told of, and its fleet. */
export function unheardOf(channel: string, instant_ms: number): ChannelSignals {
  return {
    channel,
    instant_ms,
    ends: {},
    pending: {},
    connections: undefined,
    expectation: undefined,
    heartbeats: undefined,
    fleet: {
      acknowledging: new Set(),
      listeners: new Map(),
      server_state_ms: new Map(),
      server_lag_ms: new Map(),
      populations: new Map(),
    },
  };
}
