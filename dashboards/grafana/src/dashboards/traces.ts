import { toChannel, toTrace } from '../links.js';
import { NEUTRAL, type DashboardSpec } from '../specs.js';
import { OUTCOME_WORDS } from '../words.js';

/** A frame's way as a trace. Explore shows the same through the data source's OpenTelemetry mode. */
export const traces: DashboardSpec = {
  name: 'traces',
  title: 'Halfopen: Traces',
  description: 'Find the trace of a frame, and look at its stages in time.',
  variables: [
    {
      kind: 'query',
      name: 'service',
      label: 'Service',
      description: 'service.name of the root span',
      several: true,
    },
    { kind: 'text', name: 'channel', label: 'Channel', description: 'channel.id, all of it; empty is any' },
    {
      kind: 'text',
      name: 'trace_id',
      label: 'Trace',
      description: 'the trace shown, 32 hexadecimal digits; empty is the newest of the range',
    },
  ],
  rows: [
    {
      title: 'How did this frame travel?',
      panels: [
        {
          query: 'trace',
          view: 'trace',
          title: 'Which stages did this frame reach, at which end, and when?',
          description:
            'A stage that is missing was seen by no one. A span that is pending had begun and not ended when it was reported.',
          unit: 'ms',
          thresholds: NEUTRAL,
          width: 24,
          height: 14,
        },
      ],
    },
    {
      title: 'Which trace?',
      panels: [
        {
          query: 'search',
          view: 'table',
          title: 'Which traces began in this range?',
          description:
            'Root spans: no parent, some duration. The newest first. The id shows the trace above.',
          unit: 'none',
          thresholds: NEUTRAL,
          width: 14,
          height: 11,
          nothing: 'No root span in this range: the sender makes none, or sends states only',
          columns: {
            began_at: { title: 'began' },
            trace: { links: [toTrace()] },
            channel: { links: [toChannel()] },
            outcome: { words: OUTCOME_WORDS },
            duration: { unit: 's', thresholds: ['green', [1, 'yellow'], [10, 'red']] },
          },
        },
        {
          query: 'durations',
          view: 'lines',
          title: 'How long do 99 of 100 root spans take?',
          description: 'By name of the span.',
          unit: 's',
          thresholds: ['green', [1, 'yellow'], [10, 'red']],
          width: 10,
          height: 11,
          nothing: 'No root span in this range',
        },
      ],
    },
  ],
};
