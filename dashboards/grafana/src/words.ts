import type { ChannelState, DirectionState, Severity } from '@halfopen/telemetry';

/** The colour of each word, the same on every dashboard. The word itself is always shown: colour alone tells nobody. */
export type Words = Readonly<Record<string, Colour>>;

/** Names of Grafana's palette: they follow the theme, light or dark. */
type Colour = 'red' | 'dark-red' | 'orange' | 'yellow' | 'green' | 'blue' | 'purple' | 'text';

export const STATE_WORDS: Words = {
  asymmetric: 'red',
  stalled: 'dark-red',
  down: 'orange',
  silent: 'purple',
  up: 'green',
} satisfies Record<ChannelState, Colour>;

export const DIRECTION_WORDS: Words = {
  fails: 'red',
  works: 'green',
  quiet: 'text',
  unseen: 'purple',
} satisfies Record<DirectionState, Colour>;

export const SEVERITY_WORDS: Words = {
  critical: 'red',
  error: 'orange',
  warning: 'yellow',
  info: 'blue',
} satisfies Record<Severity, Colour>;

export const STATUS_WORDS: Words = { firing: 'red', pending: 'yellow', resolved: 'green', inactive: 'text' };

/** Of a claim that is held against counters. */
export const VERDICT_WORDS: Words = { contradicts: 'red', agrees: 'green', unseen: 'purple' };

/** Of a fact: what a healthy channel does not show, or what it does. */
export const OBSERVED_WORDS: Words = { symptom: 'red', fine: 'green' };

/** What an end says of itself, on the timeline. */
export const CLAIM_WORDS: Words = {
  down: 'orange',
  'reader dead': 'red',
  'handler dead': 'red',
  'writes stall': 'dark-red',
  'no heartbeat': 'yellow',
  up: 'green',
};

export const ENDS_WORDS: Words = { agent: 'purple', server: 'purple', both: 'purple' };

/** How a frame or an attempt ended. */
export const OUTCOME_WORDS: Words = {
  ok: 'green',
  pending: 'yellow',
  error: 'red',
  timeout: 'red',
  dropped: 'red',
  refused: 'red',
  rejected: 'red',
  closed: 'orange',
};

export const DELIVERY_WORDS: Words = {
  delivered: 'green',
  failed: 'orange',
  refused: 'red',
  begun: 'yellow',
};
