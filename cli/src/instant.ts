import type { Store } from '@halfopen/store';
import { EXIT, Failure } from './failure.js';

/** Steps of one backtest: a day at ten seconds. */
export const STEPS_MAX = 10_000;

export const CHANNEL_CHARS_MAX = 4096;

/** `2026-10-01T12:03:00Z`, or ms since the epoch, as ms since the epoch. */
export function parseInstant(text: string, name: string): number {
  const instant = /^\d{12,14}$/.test(text) ? Number(text) : Date.parse(text);
  // Years that ClickHouse's DateTime64(3) and its literals have.
  if (Number.isFinite(instant) && instant >= 0 && instant < Date.UTC(2200, 0)) return instant;
  throw new Failure(
    `--${name} ${text}: expected a time such as 2026-10-01T12:03:00Z, or ms since the epoch`,
    EXIT.usage,
  );
}

/** `10s`, `500ms`, `2m` as ms. */
export function parseDuration(text: string, name: string): number {
  const match = /^(\d{1,7})(ms|s|m|h)$/.exec(text);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ''];
  if (match?.[1] !== undefined && unit !== undefined && Number(match[1]) > 0) return Number(match[1]) * unit;
  throw new Failure(`--${name} ${text}: expected a duration such as 10s`, EXIT.usage);
}

/** Telemetry as young as this is of a fleet that is running now. */
const LIVE_MS = 600_000;

/**
 * The instant that somebody means who names none. While telemetry comes in it is how far that has come, also for a channel
 * that has fallen silent; for a recording, the end of what is stored of the channel. Now when nothing is.
 */
export async function lastInstant(store: Store, channel = ''): Promise<number> {
  const { last: newest } = await storedRange(store);
  if (newest !== undefined && Date.now() - newest < LIVE_MS) return newest;
  const { last } = await storedRange(store, channel);
  return last ?? Date.now();
}

/** First and last instant that stored telemetry speaks of, ms since the epoch; undefined when there is none. */
export async function storedRange(store: Store, channel = ''): Promise<{ first?: number; last?: number }> {
  const tables = ['channel_states', 'connection_events', 'expected_channels'];
  const selects = tables.map(
    (table) =>
      `SELECT toUnixTimestamp64Milli(min(seen_at)) AS a, toUnixTimestamp64Milli(max(seen_at)) AS b FROM ${table} WHERE {channel:String} = '' OR channel_id = {channel:String} HAVING count() > 0`,
  );
  const [row] = await store.query<{ first: number; last: number; n: number }>(
    `SELECT floor(min(a) / 1000) * 1000 AS first, ceil(max(b) / 1000) * 1000 AS last, count() AS n FROM (${selects.join(' UNION ALL ')})`,
    { params: { channel } },
  );
  return row === undefined || row.n === 0 ? {} : { first: row.first, last: Math.min(row.last, Date.now()) };
}
