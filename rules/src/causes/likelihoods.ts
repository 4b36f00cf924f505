import type { CauseName } from '@halfopen/telemetry';
import type { ProbeId } from '../probes/probes.js';

/**
 * What each cause makes the probes see. A hypothesis is a cause at a place (whose reader is dead?); the causes of an
 * incident are summed over their places. Only what differs from a healthy channel is written down: a probe that a
 * hypothesis does not name reads `yes` as rarely as on a healthy channel.
 *
 * The words are probabilities that the probe reads `yes` where it is observed. They are judgements of the kind that
 * an SRE can argue with, coarse on purpose: the ranking should not hang on a digit.
 */
export const LEVELS = {
  surely: 0.97,
  mostly: 0.85,
  likely: 0.7,
  maybe: 0.5,
  hardly: 0.2,
  never: 0.03,
} as const;
export type Level = keyof typeof LEVELS;

/** How often a probe reads `yes` though nothing is wrong with what it looks at. */
export const HEALTHY = LEVELS.never;

/** What an end says outright of itself, or what cannot be mistaken, is rarer still where it is not so. */
export const OUTRIGHT = 0.004;
export const SAID_OUTRIGHT: ReadonlySet<ProbeId> = new Set<ProbeId>([
  'server-reader-dead',
  'agent-reader-dead',
  'server-handler-dead',
  'agent-handler-dead',
  'server-event-loop-blocked',
  'agent-event-loop-blocked',
  'split-connection',
  'executed-twice',
  'heartbeat-timer-off',
  'attempts-find-nobody',
  'attempts-misrouted',
  'attempts-unauthorized',
  'listener-down',
]);

/** `unknown-cause` predicts nothing: any symptom may show, most do not. */
export const UNKNOWN = 0.3;

export interface HypothesisDefinition {
  readonly cause: CauseName;
  /** In words, as the explanation of an incident says it. */
  readonly explanation: string;
  /** Relative weight before any evidence: how often SREs meet it; judged from field reports. */
  readonly prior: number;
  readonly expects: Readonly<Partial<Record<ProbeId, Level>>>;
}

export const HYPOTHESES = {
  'writer-stalled@server': {
    cause: 'writer-stalled',
    explanation:
      "the server's frames wait in its queue and are not written, though the agent would read them",
    prior: 8,
    expects: {
      'server-writes-stall': 'surely',
      'server-control-stalls': 'hardly',
      'commands-unacknowledged': 'hardly', // a command counts as written when its write completes
      'pings-unanswered': 'hardly',
      'agent-hears-nothing': 'hardly',
    },
  },
  'writer-stalled@agent': {
    cause: 'writer-stalled',
    explanation:
      "the agent's frames wait in its queue and are not written, though the server would read them",
    prior: 5,
    expects: {
      'acks-missing-at-relay': 'likely',
      'agent-writes-stall': 'surely',
      'agent-control-stalls': 'hardly',
      'heartbeats-queued': 'likely',
      'heartbeats-not-written': 'mostly',
      'heartbeats-not-received': 'mostly',
      'commands-unacknowledged': 'likely',
      'commands-unreplied': 'maybe',
      'pings-unanswered': 'hardly',
      'server-hears-nothing': 'hardly',
      'record-stale': 'maybe',
      'closed-by-monitor': 'maybe',
    },
  },
  'reader-dead@server': {
    cause: 'reader-dead',
    explanation:
      "the server's read loop has stopped while its connection stays open; in time the agent's writes block",
    prior: 6,
    expects: {
      'acks-lost-behind-relay': 'likely',
      'heartbeats-lost-behind-relay': 'likely',
      'server-reader-dead': 'mostly',
      'server-hears-nothing': 'surely',
      'agent-writes-stall': 'likely',
      'agent-control-stalls': 'likely',
      'frames-to-server-lost': 'maybe',
      'heartbeats-lost': 'maybe',
      'commands-unacknowledged': 'surely',
      'commands-unreplied': 'maybe',
      'pings-unanswered': 'surely',
      'heartbeats-queued': 'likely',
      'heartbeats-not-written': 'maybe',
      'heartbeats-not-received': 'surely',
      'record-stale': 'mostly',
      'closed-by-monitor': 'maybe',
    },
  },
  'reader-dead@agent': {
    cause: 'reader-dead',
    explanation:
      "the agent's read loop has stopped while its connection stays open; in time the server's writes block",
    prior: 6,
    expects: {
      'acks-missing-at-relay': 'mostly',
      'agent-control-stalls': 'likely',
      'agent-reader-dead': 'mostly',
      'agent-hears-nothing': 'surely',
      'server-writes-stall': 'maybe',
      'server-control-stalls': 'maybe',
      'commands-lost': 'likely',
      'control-to-agent-lost': 'likely',
      'commands-unacknowledged': 'surely',
      'pings-unanswered': 'surely',
    },
  },
  'handler-dead@agent': {
    cause: 'handler-dead',
    explanation: 'commands reach the agent and none begins to execute: its handler is dead',
    prior: 10,
    expects: {
      'acks-missing-at-relay': 'mostly',
      'agent-handler-dead': 'mostly',
      'commands-unexecuted': 'surely',
      'commands-unreplied': 'mostly',
      'commands-unacknowledged': 'mostly',
      'agent-handler-errors': 'hardly',
      'agent-unrouted': 'hardly',
    },
  },
  'handler-dead@server': {
    cause: 'handler-dead',
    explanation: 'frames reach the server and none begins to be handled: its handler is dead',
    prior: 4,
    expects: {
      'heartbeats-unhandled': 'surely',
      'server-handler-dead': 'mostly',
      'server-work-waits': 'surely',
      'record-stale': 'mostly',
      'closed-by-monitor': 'maybe',
      'commands-unacknowledged': 'maybe',
    },
  },
  'handler-stuck@agent': {
    cause: 'handler-stuck',
    explanation: 'a command has begun to execute at the agent and does not end; what came behind it waits',
    prior: 6,
    expects: {
      'acks-missing-at-relay': 'maybe',
      'commands-unacknowledged': 'maybe',
      'commands-unreplied': 'maybe',
      'commands-unexecuted': 'maybe',
      'agent-execution-hangs': 'surely',
      'agent-handler-dead': 'hardly',
    },
  },
  'handler-stuck@server': {
    cause: 'handler-stuck',
    explanation: 'a handler has begun at the server and does not end; what came behind it waits',
    prior: 3,
    expects: {
      'heartbeats-unhandled': 'surely',
      'server-execution-hangs': 'surely',
      'server-work-waits': 'mostly',
      'record-stale': 'mostly',
      'closed-by-monitor': 'maybe',
      'commands-unacknowledged': 'maybe',
    },
  },
  'frames-lost@to-agent': {
    cause: 'frames-lost',
    explanation: 'the server writes its frames, the path carries on, and they do not arrive at the agent',
    prior: 8,
    expects: {
      'commands-lost-before-relay': 'maybe',
      'acks-missing-at-relay': 'maybe',
      'agent-control-stalls': 'hardly',
      'commands-lost': 'surely',
      'control-to-agent-lost': 'hardly',
      'agent-hears-nothing': 'hardly',
      'commands-unacknowledged': 'surely',
      'pings-unanswered': 'hardly',
    },
  },
  'frames-lost@to-server': {
    cause: 'frames-lost',
    explanation: 'the agent writes its frames, the path carries on, and they do not arrive at the server',
    prior: 6,
    expects: {
      'acks-lost-behind-relay': 'maybe',
      'heartbeats-lost-behind-relay': 'maybe',
      'acks-missing-at-relay': 'maybe',
      'frames-to-server-lost': 'surely',
      'heartbeats-lost': 'likely',
      'heartbeats-not-received': 'likely',
      'server-hears-nothing': 'hardly',
      'commands-unacknowledged': 'likely',
      'pings-unanswered': 'hardly',
      'record-stale': 'likely',
      'closed-by-monitor': 'maybe',
      'agent-writes-stall': 'hardly',
    },
  },
  'site-path-loss': {
    cause: 'site-path-loss',
    explanation: "frames are lost on the path to the agent's site or gateway, for its channels alike",
    prior: 3,
    expects: {
      'commands-lost-before-relay': 'maybe',
      'acks-missing-at-relay': 'maybe',
      'shared-by-site': 'surely',
      'commands-lost': 'mostly',
      'control-to-agent-lost': 'maybe',
      'commands-unacknowledged': 'surely',
      'pings-unanswered': 'hardly',
      'frames-to-server-lost': 'hardly',
    },
  },
  'network-partition': {
    cause: 'network-partition',
    explanation: 'nothing passes either way, and both ends are alive',
    prior: 4,
    expects: {
      'commands-lost-before-relay': 'maybe',
      'acks-lost-behind-relay': 'maybe',
      'heartbeats-lost-behind-relay': 'maybe',
      'acks-missing-at-relay': 'maybe',
      'server-control-stalls': 'hardly',
      'agent-control-stalls': 'maybe',
      'others-unconnected': 'hardly',
      'server-hears-nothing': 'surely',
      'agent-hears-nothing': 'surely',
      'commands-lost': 'likely',
      'control-to-agent-lost': 'mostly',
      'frames-to-server-lost': 'mostly',
      'heartbeats-lost': 'mostly',
      'commands-unacknowledged': 'surely',
      'pings-unanswered': 'surely',
      'heartbeats-not-received': 'surely',
      'heartbeats-not-written': 'hardly',
      'heartbeats-queued': 'hardly',
      'server-writes-stall': 'maybe',
      'agent-writes-stall': 'maybe',
      'record-stale': 'mostly',
      'closed-by-monitor': 'maybe',
      unconnected: 'maybe',
      'attempts-time-out': 'mostly',
    },
  },
  'stale-route': {
    cause: 'stale-route',
    explanation: 'the server writes into another connection than the one the agent lives on',
    prior: 3,
    expects: {
      'closed-by-monitor': 'hardly',
      'agent-hears-nothing': 'maybe',
      'pings-unanswered': 'maybe',
      'commands-unacknowledged': 'maybe',
      'agent-control-stalls': 'maybe',
      'split-connection': 'surely',
      'server-writes-stall': 'hardly',
    },
  },
  'frame-malformed': {
    cause: 'frame-malformed',
    explanation:
      'frames of some kind arrive and fail to decode there, while others decode: they are built wrong',
    prior: 3,
    expects: {
      'acks-missing-at-relay': 'mostly',
      'agent-decode-errors': 'mostly',
      'server-decode-errors': 'hardly',
      'commands-lost': 'likely',
      'commands-unacknowledged': 'mostly',
      'agent-unrouted': 'hardly',
    },
  },
  'stream-desync@server': {
    cause: 'stream-desync',
    explanation: 'the framing towards the server is lost: everything behind some point fails to decode',
    prior: 2,
    expects: {
      'acks-lost-behind-relay': 'likely',
      'heartbeats-lost-behind-relay': 'likely',
      'server-decode-errors': 'mostly',
      'server-hears-nothing': 'mostly',
      'frames-to-server-lost': 'mostly',
      'heartbeats-lost': 'mostly',
      'heartbeats-not-received': 'surely',
      'commands-unacknowledged': 'surely',
      'pings-unanswered': 'surely',
      'record-stale': 'mostly',
      'agent-writes-stall': 'maybe',
      'server-reader-dead': 'hardly',
    },
  },
  'stream-desync@agent': {
    cause: 'stream-desync',
    explanation: 'the framing towards the agent is lost: everything behind some point fails to decode',
    prior: 2,
    expects: {
      'acks-missing-at-relay': 'mostly',
      'agent-control-stalls': 'maybe',
      'agent-decode-errors': 'mostly',
      'agent-hears-nothing': 'mostly',
      'commands-lost': 'mostly',
      'control-to-agent-lost': 'mostly',
      'commands-unacknowledged': 'surely',
      'pings-unanswered': 'surely',
      'server-writes-stall': 'maybe',
    },
  },
  'listener-down': {
    cause: 'listener-down',
    explanation: 'nothing listens where agents should arrive',
    prior: 5,
    expects: {
      'others-unconnected': 'mostly',
      unconnected: 'surely',
      'attempts-find-nobody': 'surely',
      'listener-down': 'mostly',
      'no-useful-attempt': 'never',
    },
  },
  'proxy-misroute': {
    cause: 'proxy-misroute',
    explanation: "something answers the upgrade that is not the channel's server",
    prior: 4,
    expects: {
      'others-unconnected': 'mostly',
      unconnected: 'surely',
      'attempts-misrouted': 'surely',
      'listener-down': 'hardly',
      'no-useful-attempt': 'never',
    },
  },
  'auth-rejected': {
    cause: 'auth-rejected',
    explanation: "the agent's credentials are refused",
    prior: 4,
    expects: {
      'others-unconnected': 'hardly',
      unconnected: 'surely',
      'attempts-unauthorized': 'surely',
      'no-useful-attempt': 'never',
    },
  },
  'agent-not-running': {
    cause: 'agent-not-running',
    explanation: 'the agent is expected, sends no telemetry and makes no attempt: it does not run',
    prior: 6,
    expects: { unconnected: 'surely', 'agent-silent': 'surely', 'no-useful-attempt': 'surely' },
  },
  'agent-misconfigured': {
    cause: 'agent-misconfigured',
    explanation: 'the agent runs and makes no attempt, or attempts at an impossible address',
    prior: 4,
    expects: { unconnected: 'surely', 'agent-silent': 'never', 'no-useful-attempt': 'surely' },
  },
  'duplicate-executor': {
    cause: 'duplicate-executor',
    explanation: 'two executors take the same frames, or one takes them twice',
    prior: 3,
    expects: { 'executed-twice': 'surely' },
  },
  'heartbeat-not-started': {
    cause: 'heartbeat-not-started',
    explanation: 'the agent is connected and its heartbeat timer was never started',
    prior: 4,
    expects: {
      'heartbeat-timer-off': 'surely',
      'heartbeats-queued': 'never',
      'heartbeats-not-written': 'surely',
      'heartbeats-not-received': 'surely',
      'record-stale': 'mostly',
      'closed-by-monitor': 'likely',
    },
  },
  'heartbeat-not-sent': {
    cause: 'heartbeat-not-sent',
    explanation: "the agent's timer runs and its heartbeats are queued or suppressed, not written",
    prior: 4,
    expects: {
      'heartbeat-timer-off': 'never',
      'heartbeats-queued': 'likely',
      'heartbeats-not-written': 'surely',
      'heartbeats-not-received': 'surely',
      'agent-writes-stall': 'hardly',
      'record-stale': 'mostly',
      'closed-by-monitor': 'likely',
    },
  },
  'heartbeat-unrouted': {
    cause: 'heartbeat-unrouted',
    explanation: 'heartbeats arrive at the server and are dropped before their handler',
    prior: 4,
    expects: {
      'server-unrouted': 'mostly',
      'heartbeats-dropped': 'surely',
      'heartbeats-not-received': 'maybe',
      'heartbeats-lost': 'maybe',
      'frames-to-server-lost': 'hardly',
      'server-work-waits': 'maybe',
      'record-stale': 'surely',
      'closed-by-monitor': 'likely',
    },
  },
  'heartbeat-handler-error': {
    cause: 'heartbeat-handler-error',
    explanation: 'heartbeats arrive at the server and their handler fails',
    prior: 4,
    expects: {
      'server-handler-errors': 'surely',
      'server-work-waits': 'maybe',
      'record-stale': 'surely',
      'closed-by-monitor': 'likely',
    },
  },
  'last-seen-not-recorded': {
    cause: 'last-seen-not-recorded',
    explanation: "the heartbeats' handler succeeds and the server's record does not advance",
    prior: 4,
    expects: { 'record-stale': 'surely', 'server-handler-errors': 'never', 'closed-by-monitor': 'likely' },
  },
  'idle-timeout': {
    cause: 'idle-timeout',
    explanation:
      'a middlebox closes quiet connections at a fixed age that is no configured limit of either end',
    prior: 4,
    expects: { 'closed-by-transport': 'surely', 'closed-by-monitor': 'never' },
  },
  'event-loop-blocked@agent': {
    cause: 'event-loop-blocked',
    explanation: 'the agent process runs and its event loop does not turn',
    prior: 3,
    expects: {
      'acks-missing-at-relay': 'hardly',
      'server-writes-stall': 'hardly',
      'closed-by-monitor': 'hardly',
      'commands-lost': 'hardly',
      'agent-execution-hangs': 'hardly',
      'agent-writes-stall': 'hardly',
      'server-hears-nothing': 'maybe',
      'agent-control-stalls': 'hardly',
      'record-stale': 'maybe',
      'agent-silent': 'maybe',
      'heartbeats-not-received': 'maybe',
      'heartbeats-not-written': 'hardly',
      'pings-unanswered': 'maybe',
      'commands-unacknowledged': 'maybe',
      'commands-unreplied': 'hardly',
      'commands-unexecuted': 'hardly',
      'agent-hears-nothing': 'hardly',
      'agent-event-loop-blocked': 'surely',
    },
  },
  'event-loop-blocked@server': {
    cause: 'event-loop-blocked',
    explanation: 'the server process runs and its event loop does not turn',
    prior: 3,
    expects: {
      'closed-by-monitor': 'hardly',
      'attempts-time-out': 'likely',
      unconnected: 'hardly',
      'agent-control-stalls': 'hardly',
      'heartbeats-lost': 'hardly',
      'frames-to-server-lost': 'hardly',
      'heartbeats-not-received': 'hardly',
      'record-stale': 'maybe',
      'server-silent': 'maybe',
      'pings-unanswered': 'hardly',
      'commands-unacknowledged': 'hardly',
      'server-work-waits': 'hardly',
      'server-control-stalls': 'hardly',
      'server-writes-stall': 'hardly',
      'agent-hears-nothing': 'hardly',
      'server-hears-nothing': 'hardly',
      'others-unconnected': 'maybe',
      'heartbeats-unhandled': 'hardly',
      'server-event-loop-blocked': 'surely',
    },
  },
  'telemetry-lost@agent': {
    cause: 'telemetry-lost',
    explanation: "the channel works, and the agent's telemetry does not arrive",
    prior: 5,
    expects: { 'agent-silent': 'surely' },
  },
  'telemetry-lost@server': {
    cause: 'telemetry-lost',
    explanation: "the channel works, and the server's telemetry does not arrive",
    prior: 5,
    expects: { 'server-silent': 'surely' },
  },
  'unknown-cause': {
    cause: 'unknown-cause',
    explanation: 'none of the causes that the rules know',
    prior: 4,
    expects: {},
  },
} as const satisfies Record<string, HypothesisDefinition>;

export type HypothesisId = keyof typeof HYPOTHESES;
