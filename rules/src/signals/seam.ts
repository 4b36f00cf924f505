import { LOOKBACK_S } from './windows.js';

/**
 * The narrow tables of migration 0011 are read together: of `channel_progress` the blocks that are over, of
 * `channel_counts` the states since. Between them lies the seam.
 */

/** As `channel_progress` cuts time, ms. */
export const BLOCK_MS = 120_000;

/** States at least so young are read one by one, ms: an end that speaks has one of them (`STALE_STATE_S`). */
export const RECENT_MS = 60_000;

/** The states since the seam and until the instant, of `channel_counts`. */
export function sinceSeam(at_ms: number): string {
  const from_ms = seam(at_ms);
  return `intDiv(seen_ms, 60000) BETWEEN ${from_ms / 60_000} AND ${Math.floor(at_ms / 60_000)} AND seen_ms BETWEEN ${from_ms} AND ${at_ms}`;
}

/** The states of the last seconds, of `channel_counts`. */
export function seenWithin(at_ms: number, seconds: number): string {
  const from_ms = at_ms - seconds * 1000;
  return `intDiv(seen_ms, 60000) BETWEEN ${Math.floor(from_ms / 60_000)} AND ${Math.floor(at_ms / 60_000)} AND seen_ms > ${from_ms} AND seen_ms <= ${at_ms}`;
}

/** The blocks that any of some seconds before lie in, of `channel_progress`. */
export function blocksOf(at_ms: number, from_s: number, to_s: number): string {
  return `block >= ${blockOf(at_ms - from_s * 1000)} AND block <= ${blockOf(at_ms - to_s * 1000)}`;
}

/** What went before, as far as rules look back, of `channel_progress`: up to a block further, since blocks are whole. */
export function beforeSeam(at_ms: number): string {
  return `block >= ${blockOf(at_ms - LOOKBACK_S * 1000)} AND block < ${blockOf(seam(at_ms))}`;
}

/** Either, and up to the end of the block under way. */
export function withinLookback(at_ms: number): string {
  return `block >= ${blockOf(at_ms - LOOKBACK_S * 1000)} AND block <= ${blockOf(at_ms)}`;
}

function seam(at_ms: number): number {
  return Math.floor((at_ms - RECENT_MS) / BLOCK_MS) * BLOCK_MS;
}

function blockOf(at_ms: number): number {
  return Math.floor(at_ms / BLOCK_MS);
}
