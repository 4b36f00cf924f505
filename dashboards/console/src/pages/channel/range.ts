import { instantOf, instantText } from '../../model/time.js';
import { place, setQuery } from '../router.js';

/** The times that a channel's page shows. Undefined: it follows the present (or the end of a recording). */
export interface Range {
  readonly from_ms: number;
  readonly to_ms: number;
}

const SPAN_MS_MIN = 1_000;
const SPAN_MS_MAX = 24 * 3_600_000;

export function askedRange(): Range | undefined {
  const { query } = place.value;
  const from_ms = instantOf(query.get('from'));
  const to_ms = instantOf(query.get('to'));
  return from_ms === undefined || to_ms === undefined || to_ms <= from_ms ? undefined : { from_ms, to_ms };
}

export function chooseRange({ from_ms, to_ms }: Range): void {
  const middle = (from_ms + to_ms) / 2;
  const half = Math.min(Math.max(to_ms - from_ms, SPAN_MS_MIN), SPAN_MS_MAX) / 2;
  setQuery({ from: instantText(Math.round(middle - half)), to: instantText(Math.round(middle + half)) });
}

export function follow(): void {
  setQuery({ from: undefined, to: undefined });
}

/** In (below 1) or out, about the middle. */
export function zoom({ from_ms, to_ms }: Range, factor: number): void {
  const middle = (from_ms + to_ms) / 2;
  const half = ((to_ms - from_ms) / 2) * factor;
  chooseRange({ from_ms: middle - half, to_ms: middle + half });
}

export function shift({ from_ms, to_ms }: Range, share: number): void {
  const by = (to_ms - from_ms) * share;
  chooseRange({ from_ms: from_ms + by, to_ms: to_ms + by });
}
