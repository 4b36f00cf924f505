import type { FrameAnswer, FramesAnswer, FrameReports, SpanView, StageReport } from '../contract.js';
import { clockSkewUs } from '../model/skew.js';
import { clickhouseTime } from '@halfopen/store';
import type { Ask } from './ask.js';

export interface FramesQuestion {
  readonly id: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly kinds: readonly string[];
  readonly limit: number;
  readonly after: string | undefined;
}

/** Reports of one frame; a stage that hangs is reported again as it ages. */
const REPORTS_MAX = 60;
const KINDS_MAX = 40;
/** A stage may end, or be told as pending, so long after the range; no further is looked. */
const LATE_MS = 600_000;
/** An end that told of frames so long before the range tells of frames. */
const EARLY_MS = 3_600_000;
const OVERVIEW_STEPS = 120;

/** A page of frames, oldest first, with what it takes to judge them. */
export async function readFrames(
  ask: Ask,
  question: FramesQuestion,
  signal: AbortSignal,
): Promise<FramesAnswer> {
  const { id, from_ms, to_ms, kinds, limit, after } = question;
  const step_ms = Math.max(1000, Math.ceil((to_ms - from_ms) / OVERVIEW_STEPS));
  const range = {
    id,
    from: clickhouseTime(from_ms),
    to: clickhouseTime(to_ms),
    late: clickhouseTime(to_ms + LATE_MS),
  };
  const [page, told, heard, overview] = await Promise.all([
    ask.rows<FrameRow>(FRAMES, { ...range, kinds, limit: limit + 1, ...cursor(after, from_ms) }, signal),
    ask.rows<{ kind: string; frames: number }>(KINDS, range, signal),
    ask.rows<{ end: 'agent' | 'server' | 'relay'; heard_us: number }>(
      HEARD,
      { ...range, early: clickhouseTime(Math.max(0, from_ms - EARLY_MS)) },
      signal,
    ),
    ask.rows<{ slice: number; frames: number; dead: number }>(
      OVERVIEW,
      { ...range, kinds, step: step_ms },
      signal,
    ),
  ]);
  const frames = page.slice(0, limit).map(reportsOf);
  const last = frames.at(-1);
  const slices = Math.max(1, Math.ceil((to_ms - from_ms) / step_ms));
  const filled = (of: 'frames' | 'dead'): number[] => {
    const values = new Array<number>(slices).fill(0);
    for (const row of overview) if (row.slice >= 0 && row.slice < slices) values[row.slice] = row[of];
    return values;
  };
  return {
    from_ms,
    to_ms,
    frames,
    next: page.length > limit && last !== undefined ? `${last.first_us}:${last.frame_id}` : null,
    kinds: told,
    heard_us: Object.fromEntries(heard.map(({ end, heard_us }) => [end, heard_us])),
    overview: { step_ms, frames: filled('frames'), dead: filled('dead') },
    agent_ahead_us: clockSkewUs(frames),
  };
}

type Packed = readonly [StageReport['end'], StageReport['stage'], string, number, number, string];
interface FrameRow extends Omit<FrameReports, 'stages'> {
  readonly stages: readonly Packed[];
}

function reportsOf({ stages, ...frame }: FrameRow): FrameReports {
  return {
    ...frame,
    stages: stages.map(([end, stage, outcome, began_us, ended_us, why]) => ({
      end,
      stage,
      outcome,
      began_us,
      ended_us,
      why,
    })),
  };
}

/** `first_us:frame_id` of the last frame of the page before. */
function cursor(after: string | undefined, from_ms: number): { after_us: number; after_id: string } {
  const match = /^(\d{1,17}):(.*)$/su.exec(after ?? '');
  return { after_us: Number(match?.[1] ?? from_ms * 1000 - 1), after_id: match?.[2] ?? '' };
}

const FRAMES_OF_RANGE = `
FROM frames
WHERE channel_id = {id:String}
    AND seen_at >= {from:DateTime64(3)} AND seen_at <= {late:DateTime64(3)}
    AND toStartOfMinute(seen_at) >= toStartOfMinute({from:DateTime64(3)}) AND toStartOfMinute(seen_at) <= toStartOfMinute({late:DateTime64(3)})`;

const FRAMES = `
SELECT
    connection_id,
    direction,
    frame_id,
    any(f.kind) AS kind,
    any(f.type) AS type,
    max(f.seq) AS seq,
    toUnixTimestamp64Micro(min(started_at)) AS first_us,
    groupArray(${REPORTS_MAX})((channel_end, stage, outcome, toUnixTimestamp64Micro(started_at), toUnixTimestamp64Micro(seen_at), if(drop_reason != '', drop_reason, error_type))) AS stages
FROM (SELECT * ${FRAMES_OF_RANGE} AND (empty({kinds:Array(String)}) OR kind IN {kinds:Array(String)})) AS f
GROUP BY connection_id, direction, frame_id
HAVING first_us <= toUnixTimestamp64Micro(toDateTime64({to:DateTime64(3)}, 6))
    AND (first_us, frame_id) > ({after_us:Int64}, {after_id:String})
ORDER BY first_us, frame_id
LIMIT {limit:UInt32}`;

const KINDS = `
SELECT kind, uniqExact(connection_id, direction, frame_id) AS frames
${FRAMES_OF_RANGE} AND started_at <= {to:DateTime64(3)}
GROUP BY kind
ORDER BY frames DESC, kind
LIMIT ${KINDS_MAX}`;

/**
 * Only ends that tell of every frame: where an end sends states alone, or samples its frames, what it does not tell may
 * well have happened. It may have told last some time before the range: a dead reader tells of no frame any more.
 */
const HEARD = `
SELECT end, max(us) AS heard_us
FROM
(
    SELECT channel_end AS end, toUnixTimestamp64Micro(max(seen_at)) AS us, max(sample_rate) AS rate
    FROM frames
    WHERE channel_id = {id:String}
        AND seen_at >= {early:DateTime64(3)} AND seen_at <= {late:DateTime64(3)}
        AND toStartOfMinute(seen_at) >= toStartOfMinute({early:DateTime64(3)}) AND toStartOfMinute(seen_at) <= toStartOfMinute({late:DateTime64(3)})
    GROUP BY channel_end
    UNION ALL
    SELECT channel_end, toUnixTimestamp64Micro(max(seen_at)), 0
    FROM channel_states
    WHERE channel_id = {id:String}
        AND seen_at >= {from:DateTime64(3)} AND seen_at <= {late:DateTime64(3)}
        AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes({from:DateTime64(3)}) AND toStartOfFiveMinutes(seen_at) <= toStartOfFiveMinutes({late:DateTime64(3)})
    GROUP BY channel_end
)
GROUP BY end
HAVING max(rate) = 1`;

/** Dead, as far as one pass tells: a command that was not executed, a write that nobody received. The lanes look closer. */
const OVERVIEW = `
SELECT
    intDiv(toUnixTimestamp64Milli(toDateTime64(first_at, 3)) - toUnixTimestamp64Milli({from:DateTime64(3)}), {step:Int64}) AS slice,
    count() AS frames,
    countIf(NOT arrived OR kind = 'command' AND NOT executed) AS dead
FROM
(
    SELECT
        min(started_at) AS first_at,
        any(f.kind) AS kind,
        max(f.stage IN ('receive', 'execute') AND f.outcome IN ('ok', '', 'pending')) AS arrived,
        max(f.stage = 'execute' AND f.outcome IN ('ok', '')) AS executed
    FROM (SELECT * ${FRAMES_OF_RANGE} AND (empty({kinds:Array(String)}) OR kind IN {kinds:Array(String)})) AS f
    GROUP BY connection_id, direction, frame_id
)
WHERE first_at >= {from:DateTime64(3)} AND first_at <= {to:DateTime64(3)}
GROUP BY slice
ORDER BY slice`;

export interface FrameQuestion {
  readonly id: string;
  readonly connection: string;
  readonly direction: string;
  readonly frame: string;
}

const SPANS_MAX = 200;

/** The spans of one frame with all their attributes, and those beside them in its traces. */
export async function readFrame(
  ask: Ask,
  question: FrameQuestion,
  signal: AbortSignal,
): Promise<FrameAnswer> {
  const spans = await ask.rows<SpanView>(SPANS, { ...question, limit: SPANS_MAX + 1 }, signal);
  return { spans: spans.slice(0, SPANS_MAX), truncated: spans.length > SPANS_MAX };
}

const SPANS = `
WITH own AS
(
    SELECT DISTINCT trace_id, span_id, started_at
    FROM frames
    WHERE channel_id = {id:String} AND connection_id = {connection:String} AND direction = {direction:String} AND frame_id = {frame:String}
    LIMIT 1000
)
SELECT
    TraceId AS trace_id,
    SpanId AS span_id,
    ParentSpanId AS parent_id,
    SpanName AS name,
    ServiceName AS service,
    toUnixTimestamp64Micro(Timestamp) AS began_us,
    Duration / 1000 AS duration_us,
    StatusCode AS status,
    SpanAttributes AS attributes,
    SpanAttributes['frame.id'] = {frame:String} AND SpanAttributes['frame.direction'] = {direction:String} AS own
FROM otel_traces
WHERE TraceId IN (SELECT trace_id FROM own)
    AND Timestamp >= (SELECT min(started_at) FROM own) - INTERVAL 1 HOUR
    AND Timestamp <= (SELECT max(started_at) FROM own) + INTERVAL 1 HOUR
ORDER BY began_us, span_id
LIMIT {limit:UInt32}`;
