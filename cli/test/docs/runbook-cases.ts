import {
  simulate,
  type Export,
  type ExportTraceServiceRequest,
  type Scenario,
  type Simulation,
  type Span,
} from '@halfopen/lab';
import { CAUSE_NAMES, type CauseName } from '@halfopen/telemetry';

/** What the outputs in a cause's runbook were asked of: a small simulated fleet, some time after its `agent-3` was struck. */
export interface RunbookCase {
  readonly scenario:
    Pick<Scenario, 'faults'> | Pick<Scenario, 'benign'> | Pick<Scenario, 'faults' | 'observers'>;
  /** When it is asked, s after the beginning. What strikes mid-run does so after 180 s. */
  readonly asked_s: number;
  /** What a look at `agent-3` ranks first, where that is not the cause itself. */
  readonly ranked?: CauseName;
}

const fault = (name: Scenario['faults'][number]['name'], asked_s: number, variant?: string): RunbookCase => ({
  scenario: { faults: [variant === undefined ? { name } : { name, variant }] },
  asked_s,
});

export const RUNBOOK_CASES: Readonly<Record<CauseName, RunbookCase>> = {
  'writer-stalled': fault('writer-stalled', 330),
  'reader-dead': fault('reader-dead', 255),
  'handler-dead': fault('handler-dead', 300),
  'handler-stuck': fault('handler-stuck', 300, 'serial'),
  'frames-lost': fault('frames-lost', 330),
  'site-path-loss': fault('site-path-loss', 330),
  'network-partition': fault('network-partition', 260),
  'stale-route': fault('stale-route', 265),
  'frame-malformed': fault('frame-malformed', 300),
  'stream-desync': fault('stream-desync', 255),
  'listener-down': fault('listener-down', 180),
  'proxy-misroute': fault('proxy-misroute', 180),
  'auth-rejected': fault('auth-rejected', 180),
  'agent-not-running': fault('agent-not-running', 180),
  'agent-misconfigured': fault('agent-misconfigured', 180),
  'duplicate-executor': fault('duplicate-executor', 300),
  // From the beginning, so that the monitor closes the connection after some 90 s.
  'heartbeat-not-started': fault('heartbeat-not-started', 80),
  'heartbeat-not-sent': fault('heartbeat-not-sent', 255),
  'heartbeat-unrouted': fault('heartbeat-unrouted', 255),
  'heartbeat-handler-error': fault('heartbeat-handler-error', 255),
  'last-seen-not-recorded': fault('last-seen-not-recorded', 255),
  'idle-timeout': fault('idle-timeout', 500),
  'event-loop-blocked': fault('event-loop-blocked', 255),
  'telemetry-lost': { scenario: { benign: [{ name: 'exporter-down' }] }, asked_s: 300 },
  // What no end tells of cannot be named: here the server alone speaks, and several causes fit.
  'unknown-cause': {
    scenario: { faults: [{ name: 'frames-lost' }], observers: ['server'] },
    asked_s: 330,
    ranked: 'handler-dead',
  },
};

const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.UTC(2026, 9, 1, 12);

/** A day for each cause, so that one store holds them all and no window of the rules reaches from one to the next. */
export function simulated(cause: CauseName): {
  readonly simulation: Simulation;
  readonly instant_ms: number;
} {
  const { scenario, asked_s } = RUNBOOK_CASES[cause];
  const day = CAUSE_NAMES.indexOf(cause);
  const startMs = FIRST_DAY_MS + day * DAY_MS;
  const simulation = simulate({
    ...scenario,
    seed: 1,
    channels: 6,
    startMs,
    durationMs: (asked_s + 15) * 1000,
  });
  const exports = function* (): Generator<Export> {
    for (const { atMs, request } of simulation.exports())
      yield { atMs, request: onConnectionsOf(day, request) };
  };
  return { simulation: { ...simulation, exports }, instant_ms: startMs + asked_s * 1000 };
}

/** All of them as one recording: that is stored several times as fast as one after the other. */
export function everyCause(): Simulation {
  const all = CAUSE_NAMES.map((cause) => simulated(cause).simulation);
  return {
    ...simulated('unknown-cause').simulation,
    truth: all.flatMap(({ truth }) => truth),
    exports: function* () {
      for (const simulation of all) yield* simulation.exports();
    },
  };
}

/** Frames are known by their connection and id, which each simulation counts from one. */
function onConnectionsOf(
  day: number,
  { resourceSpans }: ExportTraceServiceRequest,
): ExportTraceServiceRequest {
  type Attribute = Span['attributes'][number];
  const rename = ({ key, value }: Attribute): Attribute =>
    key === 'channel.connection.id'
      ? { key, value: { stringValue: `${value.stringValue ?? ''}@${day + 1}` } }
      : { key, value };
  return {
    resourceSpans: resourceSpans.map(({ resource, scopeSpans }) => ({
      resource,
      scopeSpans: scopeSpans.map(({ scope, spans }) => ({
        scope,
        spans: spans.map((span) => ({ ...span, attributes: span.attributes.map(rename) })),
      })),
    })),
  };
}
