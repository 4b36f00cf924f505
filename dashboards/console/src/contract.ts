import type {
  Acknowledgement,
  ChannelState,
  DirectionState,
  Incident,
  Severity,
  Silence,
} from '@halfopen/telemetry';

/** What the console's pages and its server tell each other. Times are ms since the epoch (`_ms`) unless they say otherwise. */

export type EndOfChannel = 'agent' | 'server' | 'relay';

/** One line of the fleet: a row of the view `fleet`. */
export interface ChannelRow {
  readonly id: string;
  readonly state: ChannelState;
  /** What is missing, in words. */
  readonly why: string;
  /** Empty where the channel is not open. */
  readonly to_agent: DirectionState | '';
  readonly to_server: DirectionState | '';
  /** Last frame that is known to have arrived there. */
  readonly last_to_agent_ms: number | null;
  readonly last_to_server_ms: number | null;
  /** Frames that wait to be written, at the end that has more; null where no end counts them. */
  readonly queue: number | null;
  readonly queue_oldest_ms: number | null;
  /** Last heartbeat that reached the server. */
  readonly heartbeat_ms: number | null;
  /** Last word of any end. */
  readonly heard_ms: number | null;
  readonly silent_end: string;
  readonly site: string;
  readonly gateway: string;
  readonly version: string;
  readonly transport: string;
  /** Ids of firing incidents. */
  readonly incidents: readonly string[];
}

export interface FleetAnswer {
  /** The instant that is shown. */
  readonly at_ms: number;
  /** False: what is stored is old, and this is how it ended. */
  readonly live: boolean;
  readonly channels: readonly ChannelRow[];
  /** True when there were more channels than are told. */
  readonly truncated: boolean;
}

/** An incident in the list. */
export interface ListedIncident extends Incident {
  readonly acknowledged: Acknowledgement | null;
  readonly silenced_until: string | null;
}

/** A line of the first screen. */
export interface IncidentBrief {
  readonly id: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly summary: string;
  readonly channels: readonly string[];
  /** How many, where not all are told. */
  readonly channel_count: number;
  readonly started_at: string;
  readonly fired_at: string;
  readonly acknowledged: Acknowledgement | null;
  readonly silenced_until: string | null;
}

export interface IncidentTransition {
  readonly sequence: number;
  readonly status: string;
  readonly reason: string;
  readonly at: string;
  readonly recorded_at: string;
  readonly severity: string;
  readonly summary: string;
}

export interface IncidentNotification {
  readonly receiver: string;
  readonly sequence: number;
  readonly outcome: string;
  readonly attempts: number;
  readonly last_at: string;
  readonly status: number;
  readonly answer: string;
}

/** `GET /api/v1/incidents/:id` */
export interface IncidentAnswer {
  readonly incident: ListedIncident;
  readonly transitions: readonly IncidentTransition[];
  readonly notifications: readonly IncidentNotification[];
  readonly acknowledgement: Acknowledgement | null;
  readonly silences: readonly Silence[];
}

export type ClaimName = 'connected' | 'reader' | 'writer' | 'handler' | 'heartbeat';

/** What an end claims, against what is seen of it. */
export interface ClaimView {
  readonly end: EndOfChannel;
  readonly claim: ClaimName;
  readonly claimed: boolean | null;
  readonly seen: boolean | null;
  /** The number behind `seen`. */
  readonly evidence: string;
}

export interface EndView {
  readonly end: EndOfChannel;
  readonly state_ms: number;
  readonly connection_id: string;
  readonly service: string;
  readonly instance: string;
  /** Counters of the connection, as last reported; null is unobserved. */
  readonly counters: Readonly<Record<string, number | null>>;
}

export interface ConnectionView {
  readonly connection_id: string;
  readonly opened_ms: number | null;
  readonly closed_ms: number | null;
  readonly close_code: number | null;
  readonly close_reason: string;
  readonly closed_by: string;
  readonly lifetime_ms: number | null;
  readonly seen_by: readonly string[];
}

export interface AttemptView {
  readonly at_ms: number;
  readonly end: EndOfChannel;
  readonly outcome: string;
  readonly phase: string;
  readonly status_code: number | null;
  readonly target: string;
  readonly error: string;
}

/** Counters over time: increments since the start of the range, summed over connections; a value per entry of `at_s`. */
export interface CounterSeries {
  readonly at_s: readonly number[];
  readonly series: Readonly<Record<string, readonly (number | null)[]>>;
}

/** `GET /api/v1/channels/:id` */
export interface ChannelAnswer {
  readonly id: string;
  /** Null where the fleet's list of this instant is not at hand. */
  readonly row: ChannelRow | null;
  readonly from_ms: number;
  readonly to_ms: number;
  /** First and last telemetry of the channel; null where there is none. */
  readonly stored: { readonly first_ms: number; readonly last_ms: number } | null;
  readonly ends: readonly EndView[];
  readonly claims: readonly ClaimView[];
  readonly counters: CounterSeries;
  readonly connections: readonly ConnectionView[];
  readonly attempts: readonly AttemptView[];
  readonly incidents: readonly IncidentBrief[];
}

/** One report about a stage. Microseconds since the epoch, clock of the end that reports. */
export interface StageReport {
  readonly end: EndOfChannel;
  readonly stage: 'enqueue' | 'socket_write' | 'receive' | 'execute' | 'ack';
  readonly outcome: string;
  readonly began_us: number;
  readonly ended_us: number;
  /** drop_reason or error_type */
  readonly why: string;
}

export interface FrameReports {
  readonly connection_id: string;
  readonly direction: 'to_agent' | 'to_server';
  readonly frame_id: string;
  readonly kind: string;
  readonly type: string;
  readonly seq: number | null;
  readonly first_us: number;
  readonly stages: readonly StageReport[];
}

/** `GET /api/v1/channels/:id/frames` */
export interface FramesAnswer {
  readonly from_ms: number;
  readonly to_ms: number;
  /** Oldest first. */
  readonly frames: readonly FrameReports[];
  /** Opaque; the next page begins there. Null at the end. */
  readonly next: string | null;
  readonly kinds: readonly { readonly kind: string; readonly frames: number }[];
  /**
   * When each end that tells of every frame was last heard of, up to ten minutes past the range: what it did not see
   * until then, it did not get. Absent: an end that tells nothing of frames, or of some only.
   */
  readonly heard_us: Readonly<Partial<Record<EndOfChannel, number>>>;
  /** Frames per slice of the range, for the overview. */
  readonly overview: {
    readonly step_ms: number;
    readonly frames: readonly number[];
    readonly dead: readonly number[];
  };
  /** How far the agent's clock is ahead of the server's, estimated from frames both ways; null where none went both ways. */
  readonly agent_ahead_us: number | null;
}

export interface SpanView {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_id: string;
  readonly name: string;
  readonly service: string;
  readonly began_us: number;
  readonly duration_us: number;
  readonly status: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Of the frame asked for; else of another in the same trace. */
  readonly own: boolean;
}

/** `GET /api/v1/channels/:id/frame` */
export interface FrameAnswer {
  readonly spans: readonly SpanView[];
  readonly truncated: boolean;
}

/** `GET /api/v1/session` */
export interface SessionAnswer {
  readonly signed_in: boolean;
  readonly token_required: boolean;
}

/** `GET /api/v1/console`: what the pages are told of the installation. */
export interface ConsoleAnswer {
  readonly version: string;
  /** Base address of Grafana, without a slash at its end; null where none is configured. */
  readonly grafana_url: string | null;
  readonly collector_url: string | null;
}

/** Events of `GET /api/v1/events`. A snapshot first (unless what was missed is still kept), then deltas. */
export interface SnapshotEvent extends FleetAnswer {
  readonly incidents: readonly IncidentBrief[];
}

export interface DeltaEvent {
  readonly at_ms: number;
  readonly changed: readonly ChannelRow[];
  readonly removed: readonly string[];
  /** The whole list, when it has changed. */
  readonly incidents?: readonly IncidentBrief[];
}
