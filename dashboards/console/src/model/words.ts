import type { ChannelState, DirectionState, Severity } from '@halfopen/telemetry';
import type { ClaimName } from '../contract.js';

/** A shape beside the colour, for who does not see the colour. */
export const STATE_SHAPES: Readonly<Record<ChannelState, string>> = {
  asymmetric: '◐',
  stalled: '▲',
  down: '✕',
  silent: '◌',
  up: '●',
};

/** Worst first: the order of a list that is sorted by state. */
export const STATE_ORDER: readonly ChannelState[] = ['asymmetric', 'stalled', 'down', 'silent', 'up'];

export const DIRECTION_SHAPES: Readonly<Record<DirectionState, string>> = {
  fails: '✕',
  works: '✓',
  quiet: '–',
  unseen: '?',
};

export const SEVERITY_SHAPES: Readonly<Record<Severity, string>> = {
  critical: '◆',
  error: '▲',
  warning: '■',
  info: '●',
};
export const SEVERITY_ORDER: readonly Severity[] = ['critical', 'error', 'warning', 'info'];

export const CLAIM_WORDS: Readonly<Record<ClaimName, string>> = {
  connected: 'connected',
  reader: 'reader alive',
  writer: 'writer alive',
  handler: 'handler alive',
  heartbeat: 'heartbeat timer runs',
};

/** `2 channels`, `1 channel`. */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

/** `71 %`; never 0 for what is possible, never 100 for what is not certain. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return '< 1 %';
  if (share < 1 && share > 0.99) return '> 99 %';
  return `${Math.round(share * 100)} %`;
}
