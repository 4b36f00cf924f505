-- What the search for frames that were executed twice reads of all channels, at every evaluation (ADR 0017): how much was
-- executed, and how much received, of each kind of frame. A fifth of the rows of frame_activity, and numbers alone.
CREATE TABLE frame_executions
(
    bucket DateTime COMMENT 'start of ten seconds of seen_at',
    work_key UInt64 COMMENT 'stands for channel, end, direction and kind: a number is grouped by at a third of the cost',
    channel_id String COMMENT 'the logical channel',
    inserted_on Date COMMENT 'day of insertion; retention counts from here',
    executed SimpleAggregateFunction(sum, UInt64) COMMENT 'executions that have ended, by their spans',
    received SimpleAggregateFunction(sum, UInt64) COMMENT 'frames received, by their spans'
)
ENGINE = AggregatingMergeTree
PARTITION BY inserted_on
ORDER BY (toStartOfFiveMinutes(bucket), work_key, channel_id, bucket)
SETTINGS non_replicated_deduplication_window = 10000, merge_selector_base = 10, string_serialization_version = 'single_stream'
COMMENT 'executions against receives, per channel, end, direction, kind and ten seconds: where more was executed than received, rules look at the frames';

CREATE MATERIALIZED VIEW frame_executions_mv TO frame_executions AS
SELECT
    toStartOfInterval(toDateTime(seen_at), INTERVAL 10 SECOND) AS bucket,
    sipHash64(channel_id, channel_end, direction, kind) AS work_key,
    channel_id,
    toDate(inserted_at) AS inserted_on,
    countIf(stage = 'execute') AS executed,
    countIf(stage = 'receive') AS received
FROM frames
WHERE stage IN ('receive', 'execute') AND outcome != 'pending'
GROUP BY bucket, work_key, channel_id, inserted_on;

-- What was stored before. Told twice, by a start that was cut short, it changes nothing: both sums double, and only how
-- they compare is asked.
INSERT INTO frame_executions (bucket, work_key, channel_id, inserted_on, executed, received)
SELECT
    bucket,
    sipHash64(channel_id, channel_end, direction, kind) AS work_key,
    channel_id,
    inserted_on,
    sumIf(spans, stage = 'execute') AS executed,
    sumIf(spans, stage = 'receive') AS received
FROM frame_activity
WHERE stage IN ('receive', 'execute') AND outcome != 'pending'
GROUP BY bucket, work_key, channel_id, inserted_on;
