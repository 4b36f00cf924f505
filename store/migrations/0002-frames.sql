-- One row per span about a frame's stage. Views must be total functions of any attribute text (ADR 0002): every cast is OrNull.
CREATE TABLE frames
(
    started_at DateTime64(9) COMMENT 'when the stage began, clock of the end that reports' CODEC(Delta, ZSTD(1)),
    seen_at DateTime64(9) COMMENT 'when the stage ended, or a pending report was made: from then on it was known' CODEC(Delta, ZSTD(1)),
    channel_id String COMMENT 'the logical channel, stable over reconnects' CODEC(ZSTD(1)),
    connection_id String COMMENT 'one transport session; empty where not reported' CODEC(ZSTD(1)),
    channel_end LowCardinality(String) COMMENT 'who reports: agent, server or relay',
    direction LowCardinality(String) COMMENT 'the frame''s own way: to_agent or to_server',
    stage LowCardinality(String) COMMENT 'enqueue, socket_write, receive, execute or ack',
    outcome LowCardinality(String) COMMENT 'ok, pending (begun, not ended), error, timeout or dropped',
    kind LowCardinality(String) COMMENT 'what the application calls it: command, ack, heartbeat, ...',
    type LowCardinality(String) COMMENT 'what the wire calls it: text, binary, ping, pong, close or stream',
    frame_id String COMMENT 'message id, the same at both ends' CODEC(ZSTD(1)),
    seq Nullable(UInt64) COMMENT 'the sender''s counter per connection and direction, from 1' CODEC(ZSTD(1)),
    size_bytes Nullable(UInt64) COMMENT 'bytes of the frame' CODEC(ZSTD(1)),
    reply_to String COMMENT 'frame_id that this frame answers' CODEC(ZSTD(1)),
    drop_reason LowCardinality(String) COMMENT 'why it was dropped: unrouted, decode, ...',
    error_type LowCardinality(String) COMMENT 'error.type',
    executor_id LowCardinality(String) COMMENT 'who executed it',
    sample_rate Float64 COMMENT 'this row stands for so many; 1 where nothing was sampled',
    duration_ns UInt64 COMMENT 'ns from started_at to seen_at' CODEC(ZSTD(1)),
    trace_id String COMMENT 'trace in otel_traces' CODEC(ZSTD(1)),
    span_id String COMMENT 'span in otel_traces' CODEC(ZSTD(1)),
    inserted_at DateTime COMMENT 'when the stream took the span; retention counts from here' CODEC(Delta, ZSTD(1)),
    INDEX idx_frame_id frame_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_seen_at seen_at TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (channel_id, toStartOfMinute(seen_at))
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'one row per stage of a frame, per end that reports it';

CREATE MATERIALIZED VIEW frames_mv TO frames AS
SELECT
    Timestamp AS started_at,
    fromUnixTimestamp64Nano(toInt64(least(9223372036854775807, toUInt64(greatest(0, toUnixTimestamp64Nano(Timestamp))) + least(Duration, 9000000000000000000)))) AS seen_at,
    SpanAttributes['channel.id'] AS channel_id,
    SpanAttributes['channel.connection.id'] AS connection_id,
    SpanAttributes['channel.end'] AS channel_end,
    SpanAttributes['frame.direction'] AS direction,
    SpanAttributes['frame.stage'] AS stage,
    SpanAttributes['frame.outcome'] AS outcome,
    SpanAttributes['frame.kind'] AS kind,
    SpanAttributes['frame.type'] AS type,
    SpanAttributes['frame.id'] AS frame_id,
    toUInt64OrNull(SpanAttributes['frame.seq']) AS seq,
    toUInt64OrNull(SpanAttributes['frame.size']) AS size_bytes,
    SpanAttributes['frame.reply_to'] AS reply_to,
    SpanAttributes['frame.drop_reason'] AS drop_reason,
    SpanAttributes['error.type'] AS error_type,
    SpanAttributes['frame.executor.id'] AS executor_id,
    if(isFinite(toFloat64OrDefault(SpanAttributes['frame.sample_rate'], 1.) AS rate) AND rate >= 1, rate, 1.) AS sample_rate,
    Duration AS duration_ns,
    TraceId AS trace_id,
    SpanId AS span_id,
    InsertedAt AS inserted_at
FROM otel_traces
WHERE startsWith(SpanName, 'frame.')
    AND channel_id != ''
    AND channel_end IN ('agent', 'server', 'relay')
    AND stage IN ('enqueue', 'socket_write', 'receive', 'execute', 'ack')
    AND direction IN ('to_agent', 'to_server');

-- What rules read of the frames: its rows grow with channels and time, not with frames.
CREATE TABLE frame_activity
(
    bucket DateTime COMMENT 'start of ten seconds of seen_at' CODEC(Delta, ZSTD(1)),
    channel_id String COMMENT 'the logical channel' CODEC(ZSTD(1)),
    connection_id String COMMENT 'one transport session' CODEC(ZSTD(1)),
    channel_end LowCardinality(String) COMMENT 'who reports',
    direction LowCardinality(String) COMMENT 'to_agent or to_server',
    kind LowCardinality(String) COMMENT 'what the application calls the frames',
    stage LowCardinality(String) COMMENT 'enqueue, socket_write, receive, execute or ack',
    outcome LowCardinality(String) COMMENT 'ok, pending, error, timeout or dropped',
    inserted_on Date COMMENT 'day of insertion; retention counts from here',
    spans SimpleAggregateFunction(sum, UInt64) COMMENT 'rows of frames',
    frames SimpleAggregateFunction(sum, Float64) COMMENT 'frames they stand for (sum of sample_rate)',
    first_seen_at SimpleAggregateFunction(min, DateTime64(9)) COMMENT 'first of them',
    last_seen_at SimpleAggregateFunction(max, DateTime64(9)) COMMENT 'last of them'
)
ENGINE = AggregatingMergeTree
PARTITION BY inserted_on
ORDER BY (toStartOfFiveMinutes(bucket), channel_id, channel_end, direction, kind, stage, outcome, connection_id, bucket)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'frames counted per channel, end, direction, kind, stage, outcome and ten seconds';

CREATE MATERIALIZED VIEW frame_activity_mv TO frame_activity AS
SELECT
    toStartOfInterval(toDateTime(seen_at), INTERVAL 10 SECOND) AS bucket,
    channel_id,
    connection_id,
    channel_end,
    direction,
    kind,
    stage,
    outcome,
    toDate(inserted_at) AS inserted_on,
    count() AS spans,
    sum(sample_rate) AS frames,
    min(seen_at) AS first_seen_at,
    max(seen_at) AS last_seen_at
FROM frames
GROUP BY bucket, channel_id, connection_id, channel_end, direction, kind, stage, outcome, inserted_on;

-- Hung work, apart: few rows, and rules look at them at every evaluation.
CREATE TABLE pending_stages
(
    started_at DateTime64(9) COMMENT 'when the stage began',
    seen_at DateTime64(9) COMMENT 'when it was reported as not ended' CODEC(Delta, ZSTD(1)),
    channel_id String COMMENT 'the logical channel' CODEC(ZSTD(1)),
    connection_id String COMMENT 'one transport session' CODEC(ZSTD(1)),
    channel_end LowCardinality(String) COMMENT 'who reports',
    direction LowCardinality(String) COMMENT 'to_agent or to_server',
    stage LowCardinality(String) COMMENT 'which stage hangs',
    kind LowCardinality(String) COMMENT 'what the application calls the frame',
    frame_id String COMMENT 'message id' CODEC(ZSTD(1)),
    inserted_at DateTime COMMENT 'when the stream took the span; retention counts from here'
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (toStartOfFiveMinutes(seen_at), channel_id, channel_end, stage, frame_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'reports of stages that have begun and not ended';

CREATE MATERIALIZED VIEW pending_stages_mv TO pending_stages AS
SELECT started_at, seen_at, channel_id, connection_id, channel_end, direction, stage, kind, frame_id, inserted_at
FROM frames
WHERE outcome = 'pending';

-- Heartbeats, apart: their rate is the channels', and rules must know the last one to the second.
CREATE TABLE heartbeat_stages
(
    seen_at DateTime64(9) COMMENT 'when the stage ended' CODEC(Delta, ZSTD(1)),
    channel_id String COMMENT 'the logical channel' CODEC(ZSTD(1)),
    connection_id String COMMENT 'one transport session' CODEC(ZSTD(1)),
    channel_end LowCardinality(String) COMMENT 'who reports',
    stage LowCardinality(String) COMMENT 'enqueue, socket_write, receive, execute or ack',
    outcome LowCardinality(String) COMMENT 'ok, error, timeout or dropped',
    drop_reason LowCardinality(String) COMMENT 'why it was dropped: unrouted, decode, ...',
    inserted_at DateTime COMMENT 'when the stream took the span; retention counts from here'
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (toStartOfFiveMinutes(seen_at), channel_id, channel_end, stage, seen_at)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'stages of heartbeat frames that have ended';

CREATE MATERIALIZED VIEW heartbeat_stages_mv TO heartbeat_stages AS
SELECT seen_at, channel_id, connection_id, channel_end, stage, outcome, drop_reason, inserted_at
FROM frames
WHERE kind = 'heartbeat' AND outcome != 'pending';

CREATE VIEW frame_journeys
(
    channel_id String COMMENT 'the logical channel',
    connection_id String COMMENT 'one transport session; empty where not reported',
    direction LowCardinality(String) COMMENT 'the frame''s own way: to_agent or to_server',
    frame_id String COMMENT 'message id, the same at both ends',
    kind String COMMENT 'what the application calls it: command, ack, heartbeat, ...',
    seq Nullable(UInt64) COMMENT 'the sender''s counter per connection and direction',
    first_seen_at DateTime64(9) COMMENT 'when its first stage began',
    enqueued_at Nullable(DateTime64(9)) COMMENT 'when the sender''s queue had accepted it',
    written_at Nullable(DateTime64(9)) COMMENT 'when the sender''s transport had taken its bytes',
    received_at Nullable(DateTime64(9)) COMMENT 'when the receiver had decoded and routed it',
    execution_began_at Nullable(DateTime64(9)) COMMENT 'when its handler was called',
    execution_ended_at Nullable(DateTime64(9)) COMMENT 'when its handler had ended',
    ack_sent_at Nullable(DateTime64(9)) COMMENT 'when its receiver acknowledged it',
    ack_received_at Nullable(DateTime64(9)) COMMENT 'when the acknowledgement reached its sender',
    seen_by Array(String) COMMENT 'ends that reported any stage of it',
    pending_reports UInt64 COMMENT 'reports of stages that had begun and not ended',
    failure String COMMENT 'error, timeout or dropped, if a stage ended so',
    last_stage String COMMENT 'the last stage that it is known to have reached'
)
AS
SELECT
    channel_id,
    connection_id,
    direction,
    frame_id,
    any(f.kind) AS kind,
    max(f.seq) AS seq,
    min(started_at) AS first_seen_at,
    minIfOrNull(seen_at, stage = 'enqueue' AND outcome != 'pending') AS enqueued_at,
    minIfOrNull(seen_at, stage = 'socket_write' AND outcome IN ('ok', '')) AS written_at,
    minIfOrNull(seen_at, stage = 'receive' AND outcome IN ('ok', '')) AS received_at,
    minIfOrNull(started_at, stage = 'execute') AS execution_began_at,
    minIfOrNull(seen_at, stage = 'execute' AND outcome != 'pending') AS execution_ended_at,
    minIfOrNull(seen_at, stage = 'ack' AND (direction = 'to_agent') = (channel_end = 'agent')) AS ack_sent_at,
    minIfOrNull(seen_at, stage = 'ack' AND (direction = 'to_agent') != (channel_end = 'agent')) AS ack_received_at,
    arraySort(groupUniqArray(channel_end)) AS seen_by,
    countIf(outcome = 'pending') AS pending_reports,
    anyIf(outcome, outcome IN ('error', 'timeout', 'dropped')) AS failure,
    multiIf(
        ack_received_at IS NOT NULL, 'ack',
        execution_ended_at IS NOT NULL, 'execute',
        execution_began_at IS NOT NULL, 'execute (not ended)',
        ack_sent_at IS NOT NULL, 'ack (sent)',
        received_at IS NOT NULL, 'receive',
        written_at IS NOT NULL, 'socket_write',
        'enqueue') AS last_stage
FROM frames AS f
GROUP BY channel_id, connection_id, direction, frame_id
COMMENT 'one row per frame: when and where each stage was seen, NULL where nobody saw it';
