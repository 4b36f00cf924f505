import { beforeSeam, BLOCK_MS, RECENT_MS, sinceSeam, withinLookback } from './seam.js';
import { CROSSING_S, LONG_OVERDUE_S, OVERDUE_MIN, OVERDUE_S, STALLED_S } from './windows.js';

/** In `channel_progress`: a minimum of nothing, and the radix of its pairs. */
export const NEVER = '4611686018427387904';

/** The views round moments down, the narrow tables up: each bound gives way by more than that, ms. */
export const ROUNDING_MS = 10;

const PAIR_MASK = 'toUInt128(4611686018427387903)';
/** Of a pair: the second, less one. */
const second = (pair: string): string => `(4611686018427387902 - toInt64(bitAnd(${pair}, ${PAIR_MASK})))`;
const bit = (name: keyof typeof BITS): string => `bitAnd(bits, ${BITS[name]}) > 0`;

/** Facts of single states, gathered in one column. `now`: of a state that may be an end's last. */
const BITS = {
  dead_now: 1,
  dead_untold_now: 2,
  dead: 4,
  stalled_now: 8,
  stalled_untold_now: 16,
  stalled: 32,
  executing_now: 64,
  executing_untold_now: 128,
  executing: 256,
  record_told: 512,
  acknowledging: 1024,
  work_told: 2048,
  beats_told: 4096,
  many_executing: 8192,
} as const;

function gathered(facts: Partial<Record<keyof typeof BITS, string>>): string {
  return Object.entries(facts)
    .map(([name, sql]) => `toUInt16(${sql}) * ${BITS[name as keyof typeof BITS]}`)
    .join(' + ');
}

/** So many handlers that run at once, and of which none ends, are looked at. */
const RUNNING_MIN = 3;

/**
 * A connection older than this has a block that was over before the last two minutes (`RECENT_S`) by its end's own clock,
 * which may be 45 s behind (`STALE_STATE_S`): two blocks and a minute, ms.
 */
const YOUNG_MS = 2 * BLOCK_MS + 60_000;

/** Above any moment: a connection that is open takes precedence over all that are not. */
const OPEN = '2305843009213693952';

/**
 * What each connection of each end comes to.
 */
export function perConnection(at_ms: number): string {
  return `
            SELECT
                channel_id,
                channel_end = 'server' AS at_server,
                claim,
                intDiv(claim, 2) AS state_ms,
                claim % 2 = 1 ? ${OPEN} + first_ms : state_ms AS precedence,
                connected_ms,
                sent,
                received,
                interval_ms,
                timeout_ms,
                ${bit('record_told')} ? last_record : greatest_record AS record_age_ms,
                record_age_ms >= 0 ? record_age_ms + least(${at_ms}, state_ms + 10000) - state_ms : -1 AS record_ms,
                -- -1: not counted; 0: none so far
                multiIf(beaten < ${NEVER}, -1, beaten < 2 * toUInt128(${NEVER}), 0, ${second('beaten')}) AS beat_ms,
                if(${bit('work_told')} AND progress >= ${NEVER}, ${second('progress')}, ${NEVER}) AS settled,
                greatest(work_30, 0) - settled - executing AS waiting,
                ${bit('dead_now')} OR (${bit('dead_untold_now')} AND ${bit('dead')})
                    OR ${bit('stalled_now')} OR (${bit('stalled_untold_now')} AND ${bit('stalled')})
                    OR (NOT at_server OR ${bit('acknowledging')})
                        AND (waiting >= ${OVERDUE_MIN} OR greatest(work_90, 0) - settled - executing >= 1) AS suspicious,
                (${bit('executing_now')} OR (${bit('executing_untold_now')} AND ${bit('executing')})) AS executes,
                if(NOT at_server, waiting >= 1,
                    ${bit('beats_told')} AND executed >= ${NEVER} AND greatest(beats_30, 0) > ${second('executed')}) AS waits,
                toInt64(bitShiftRight(executed, 62)) - 1 AS executed_count,
                -- none has ended since the seam
                executed_least >= executed_count AS stands_still,
                executed_count > if(frames_now >= 0, frames_now, frames_before) + 1 AND greatest(frames_now, frames_before) >= 0 AS executed_twice,
                (suspicious OR errors_grow OR executed_twice OR stands_still AND (${bit('many_executing')} OR (${bit('executing_untold_now')} AND ${bit('executing')})))
                    + 2 * (waits OR stands_still AND ${bit('executing_untold_now')}) + 4 * (waits AND executes) AS flags
            FROM
            (
                SELECT
                    any(said.channel_id) AS channel_id,
                    any(said.channel_end) AS channel_end,
                    min(first) AS first_ms,
                    min(connected_from) AS connected_ms,
                    max(claimed) AS claim,
                    groupBitOr(facts) AS bits,
                    channel_end = 'agent' ? min(executing_low) : 0 AS executing,
                    max(work_overdue) AS work_30,
                    max(work_long_overdue) AS work_90,
                    max(beats_overdue) AS beats_30,
                    max(after_work) AS progress,
                    max(after_beats) AS executed,
                    max(beat_at) AS beaten,
                    max(sent_long_ago) AS sent,
                    max(received_now) AS received,
                    min(interval_told) AS interval_ms,
                    min(timeout_told) AS timeout_ms,
                    -- a young connection may have no block from before the first error
                    max(errors) > 0 AND (max(errors) > min(errors) OR first_ms > ${at_ms - YOUNG_MS}) AS errors_grow,
                    max(frames_told_now) AS frames_now,
                    max(frames_told_before) AS frames_before,
                    min(executed_told) AS executed_least,
                    argMax(record, record_at) AS last_record,
                    max(record) AS greatest_record
                FROM (${states(at_ms)} UNION ALL ${progress(at_ms)}) AS said
                GROUP BY connection_key
            )`;
}

const KEYS = 'connection_key, channel_id, channel_end';
const pair = (progress: string, work: string): string =>
  `toUInt128(${progress} + 1) * ${NEVER} + toUInt64(4611686018427387903 - (${work} + 1))`;
const orNever = (name: string): string => `${name} >= 0 ? ${name} : ${NEVER}`;

/** Where some channel of a service has had an acknowledgement, acknowledgements are due (`readFleet`). */
const acknowledging = (at_ms: number): string =>
  `service IN (SELECT service FROM channel_progress WHERE ${withinLookback(at_ms)} AND rx_acks > 0)`;

/** The states since then, one by one. Their order and names are those of {@link progress}. */
function states(at_ms: number): string {
  const now = `seen_ms > ${at_ms - RECENT_MS}`;
  const olderThan = (age_s: number, counter: string): string =>
    `if(seen_ms <= ${at_ms - age_s * 1000 + ROUNDING_MS}, ${counter}, -1)`;
  const ofEnd = (server: string, agent: string): string => `if(channel_end = 'server', ${server}, ${agent})`;
  const facts = gathered({
    dead_now: `${now} AND dead = 1`,
    dead_untold_now: `${now} AND dead = -1`,
    dead: 'dead = 1',
    stalled_now: `${now} AND queue_oldest_ms >= ${STALLED_S * 1000}`,
    stalled_untold_now: `${now} AND queue_oldest_ms = -1`,
    stalled: `queue_oldest_ms >= ${STALLED_S * 1000}`,
    executing_now: `${now} AND executing > 0`,
    executing_untold_now: `${now} AND executing = -1`,
    executing: 'executing > 0',
    many_executing: `executing >= ${RUNNING_MIN}`,
    record_told: 'last_seen_age_ms >= 0',
    acknowledging: acknowledging(at_ms),
    work_told: 'work >= 0',
    beats_told: 'beats >= 0',
  });
  return `
                SELECT ${KEYS}, seen_ms AS first, if(connected = 1, seen_ms, ${NEVER}) AS connected_from, seen_ms * 2 + connected AS claimed,
                    ${ofEnd('tx_commands', 'rx_commands')} AS work, ${ofEnd('rx_heartbeats', '-1')} AS beats, ${ofEnd('tx_commands', 'tx_any')} AS sent,
                    ${facts} AS facts,
                    ${now} ? greatest(executing, 0) : ${NEVER} AS executing_low,
                    ${olderThan(OVERDUE_S, 'work')} AS work_overdue, ${olderThan(LONG_OVERDUE_S, 'work')} AS work_long_overdue, ${olderThan(OVERDUE_S, 'beats')} AS beats_overdue,
                    ${pair(ofEnd('rx_acks', 'executed'), 'work')} AS after_work, ${pair('executed', 'beats')} AS after_beats, ${pair(ofEnd('rx_heartbeats', 'tx_heartbeats'), 'seen_ms')} AS beat_at,
                    ${olderThan(CROSSING_S, 'sent')} AS sent_long_ago, ${ofEnd('rx_any', 'rx_commands')} AS received_now,
                    ${orNever('heartbeat_interval_ms')} AS interval_told, ${orNever('heartbeat_timeout_ms')} AS timeout_told,
                    last_seen_age_ms AS record, last_seen_age_ms >= 0 ? seen_ms : 0 AS record_at,
                    rx_decode_errors AS errors, ${orNever('executed')} AS executed_told,
                    rx_frames AS frames_told_now, -1 AS frames_told_before
                FROM channel_counts
                WHERE ${sinceSeam(at_ms)}`;
}

/** What went before, two minutes a row: all of it is older than any age that matters, or taken for it. */
function progress(at_ms: number): string {
  const facts = gathered({
    dead: 'dead = 1',
    stalled: `queue_oldest_ms >= ${STALLED_S * 1000}`,
    executing: 'executing > 0',
    acknowledging: acknowledging(at_ms),
    work_told: 'work >= 0',
    beats_told: 'beats >= 0',
  });
  return `
                SELECT ${KEYS}, first_ms, connected_ms, claimed, work, beats, sent, ${facts}, ${NEVER}, work, work, beats,
                    progress_after_work, executed_after_beats, beats_at, sent, received, heartbeat_interval_ms, heartbeat_timeout_ms, last_seen_age_ms, 0, rx_decode_errors, ${NEVER},
                    -1, rx_frames
                FROM channel_progress
                WHERE ${beforeSeam(at_ms)}`;
}
