import type { Attribute } from './attribute.js';

const STATE_SPAN = ['channel.state'] as const;

/** What an end believes at this moment. */
export const STATE = {
  'channel.connected': { type: 'bool', spans: STATE_SPAN, meaning: 'What the application is told.' },
  'channel.reader.alive': {
    type: 'bool',
    spans: STATE_SPAN,
    meaning: "This end's read loop runs.",
  },
  'channel.writer.alive': {
    type: 'bool',
    spans: STATE_SPAN,
    meaning: "This end's writer can take frames.",
  },
  'channel.handler.alive': {
    type: 'bool',
    spans: STATE_SPAN,
    meaning: 'What takes received frames to their handlers runs.',
  },
  'channel.queue.depth': {
    type: 'int',
    unit: 'frames',
    spans: STATE_SPAN,
    meaning: 'Outgoing frames not yet written.',
  },
  'channel.queue.oldest_ms': {
    type: 'int',
    unit: 'ms',
    spans: STATE_SPAN,
    meaning: 'Age of the oldest outgoing frame not yet written.',
  },
  'channel.rx.age_ms': {
    type: 'int',
    unit: 'ms',
    spans: STATE_SPAN,
    meaning: 'Since the last completed receive, or since the open if there was none.',
  },
  'channel.tx.age_ms': {
    type: 'int',
    unit: 'ms',
    spans: STATE_SPAN,
    meaning: 'Since the last completed write, or since the open if there was none.',
  },
  'channel.executing': {
    type: 'int',
    unit: 'executions',
    spans: STATE_SPAN,
    meaning: 'Handlers running now.',
  },
  'channel.heartbeat.active': {
    type: 'bool',
    spans: STATE_SPAN,
    meaning: "This end's heartbeat timer runs.",
  },
  'channel.heartbeat.interval_ms': {
    type: 'int',
    unit: 'ms',
    spans: STATE_SPAN,
    meaning: "The sender's period, as configured at this end.",
  },
  'channel.heartbeat.timeout_ms': {
    type: 'int',
    unit: 'ms',
    spans: STATE_SPAN,
    meaning: "The monitor's limit, as configured at this end.",
  },
  'channel.last_seen.age_ms': {
    type: 'int',
    unit: 'ms',
    spans: STATE_SPAN,
    meaning: "Age of the registry's or database's own record for the agent, at the server.",
  },
  'channel.state.interval_ms': {
    type: 'int',
    unit: 'ms',
    spans: STATE_SPAN,
    meaning: 'The period in which this end reports its state.',
  },
  'process.event_loop.lag_ms': {
    type: 'int',
    unit: 'ms',
    spans: STATE_SPAN,
    meaning: "How late the process's event loop turns.",
  },
} as const satisfies Record<string, Attribute>;
