import type { Store } from '../src/index.js';
import type { TestSpan } from './spans.js';

/** How many rows there are, in the table and behind each view. */
export async function counts(store: Store): Promise<Record<string, number>> {
  const rows = await store.query<Record<string, number>>(
    `SELECT (SELECT count() FROM otel_traces) AS spans, (SELECT count() FROM otel_traces_trace_id_ts) AS traces,
       (SELECT count() FROM frames) AS frames, (SELECT sum(spans) FROM frame_activity) AS activity,
       (SELECT count() FROM pending_stages) AS pending, (SELECT count() FROM heartbeat_stages) AS heartbeats,
       (SELECT count() FROM channel_states) AS states, (SELECT count() FROM channel_counts) AS state_counts, (SELECT count() FROM connection_events) AS events,
       (SELECT count() FROM expected_channels) AS expected, (SELECT count() FROM listener_states) AS listeners`,
  );
  return rows[0]!;
}

const CHANNEL = { 'channel.id': 'agent-1', 'channel.end': 'agent' };
export const FRAME = { ...CHANNEL, 'frame.direction': 'to_agent', 'frame.stage': 'receive' };

/** One of each kind, so that each view has something to hand on. */
export function oneOfEach(traceId: string): TestSpan[] {
  return [
    { name: 'frame.receive', traceId, attributes: { ...FRAME, 'frame.outcome': 'pending' } },
    {
      name: 'frame.receive',
      traceId,
      attributes: { ...FRAME, 'frame.kind': 'heartbeat', 'frame.outcome': 'ok' },
    },
    { name: 'channel.state', attributes: CHANNEL },
    { name: 'channel.connect', attributes: CHANNEL },
    { name: 'channel.expected', attributes: CHANNEL },
    { name: 'listener.state' },
  ];
}
/** What they come to, inserted once, and twice under different tokens. */
export const ONCE = {
  spans: 6,
  traces: 1,
  frames: 2,
  activity: 2,
  pending: 1,
  heartbeats: 1,
  states: 1,
  state_counts: 1,
  events: 1,
  expected: 1,
  listeners: 1,
};
export const TWICE = Object.fromEntries(Object.entries(ONCE).map(([table, rows]) => [table, 2 * rows]));
