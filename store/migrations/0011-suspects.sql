-- What rules read of all channels, to find those that are worth a closer look (ADR 0017). Few narrow columns, by time
-- first: an evaluation reads the last minutes of the one table, and the progress before them of the other. Compressed for
-- reading (LZ4, the engine's default): ZSTD takes a quarter less room and more time than all else that is done with them.
CREATE TABLE channel_counts
(
    connection_key UInt64 COMMENT 'stands for channel, end and connection: a number is grouped by at a third of the cost',
    seen_ms Int64 COMMENT 'when the end said so, by its clock, ms since the epoch, rounded up',
    channel_id String COMMENT 'the logical channel',
    connection_id String COMMENT 'one transport session; empty where not reported',
    channel_end LowCardinality(String) COMMENT 'who reports: agent or server',
    service LowCardinality(String) COMMENT 'service.name of the process that reports',
    inserted_at DateTime COMMENT 'when the stream took the span; retention counts from here',
    connected UInt8 COMMENT 'what the application is told; 0 where not reported',
    dead Int8 COMMENT '1 where a reader or a handler is reported dead, 0 where both are reported alive, else -1',
    queue_oldest_ms Int64 COMMENT 'age of the oldest outgoing frame, ms; -1 where not reported',
    executing Int64 COMMENT 'handlers running; -1 where not reported',
    last_seen_age_ms Int64 COMMENT 'age of the registry''s record of the agent, ms; -1 where not reported',
    tx_any Int64 COMMENT 'frames written; -1 where not reported, as in all counters here',
    rx_any Int64 COMMENT 'frames received',
    tx_commands Int64 COMMENT 'commands written',
    rx_commands Int64 COMMENT 'commands received',
    rx_acks Int64 COMMENT 'acknowledgements received',
    executed Int64 COMMENT 'frames whose handler has ended',
    tx_heartbeats Int64 COMMENT 'heartbeats written',
    rx_heartbeats Int64 COMMENT 'heartbeats received',
    rx_frames Int64 COMMENT 'application frames received',
    rx_decode_errors Int64 COMMENT 'frames that could not be decoded',
    event_loop_lag_ms Int64 COMMENT 'lag of the event loop, ms; -1 where not reported',
    heartbeat_interval_ms Int64 COMMENT 'period of the heartbeats, ms; -1 where not reported',
    heartbeat_timeout_ms Int64 COMMENT 'limit of their monitor, ms; -1 where not reported'
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (intDiv(seen_ms, 60000), channel_id, channel_end, seen_ms)
SETTINGS non_replicated_deduplication_window = 10000, merge_selector_base = 10, string_serialization_version = 'single_stream'
COMMENT 'what rules read of the last minutes of channel_states';

CREATE MATERIALIZED VIEW channel_counts_mv TO channel_counts AS
SELECT
    sipHash64(channel_id, channel_end, connection_id) AS connection_key,
    intDiv(toUnixTimestamp64Nano(seen_at) + 999999, 1000000) AS seen_ms,
    channel_id,
    connection_id,
    channel_end,
    service,
    inserted_at,
    toUInt8(ifNull(s.connected, false)) AS connected,
    toInt8(multiIf(ifNull(NOT reader_alive, false) OR ifNull(NOT handler_alive, false), 1, isNull(reader_alive) OR isNull(handler_alive), -1, 0)) AS dead,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.queue_oldest_ms, -1)))) AS queue_oldest_ms,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.executing, -1)))) AS executing,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.last_seen_age_ms, -1)))) AS last_seen_age_ms,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(tx_frames + ifNull(tx_control, 0), -1)))) AS tx_any,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(rx_frames + ifNull(rx_control, 0), -1)))) AS rx_any,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.tx_commands, -1)))) AS tx_commands,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.rx_commands, -1)))) AS rx_commands,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.rx_acks, -1)))) AS rx_acks,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.executed, -1)))) AS executed,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.tx_heartbeats, -1)))) AS tx_heartbeats,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.rx_heartbeats, -1)))) AS rx_heartbeats,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.rx_frames, -1)))) AS rx_frames,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.rx_decode_errors, -1)))) AS rx_decode_errors,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.event_loop_lag_ms, -1)))) AS event_loop_lag_ms,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.heartbeat_interval_ms, -1)))) AS heartbeat_interval_ms,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.heartbeat_timeout_ms, -1)))) AS heartbeat_timeout_ms
FROM channel_states AS s
WHERE channel_end IN ('agent', 'server');

-- Two minutes of each end's connection in one row. Every column is a maximum or a minimum, so rows may be merged, and told
-- twice. What is due differs by end: a server's commands are work and acknowledgements their progress; an agent's work is
-- the commands that it received, and executions their progress. `..._after_...` and `..._at` are a counter of progress and
-- what had been counted of its work when it first stood there: the greatest of (progress + 1) * 2^62 + 2^62 - 1 - (work + 1),
-- where -1 is unobserved.
CREATE TABLE channel_progress
(
    connection_key UInt64 COMMENT 'as in channel_counts',
    block Int64 COMMENT 'which two minutes: ms since the epoch / 120,000',
    channel_id String COMMENT 'the logical channel',
    channel_end LowCardinality(String) COMMENT 'who reports: agent or server',
    connection_id String COMMENT 'one transport session; empty where not reported',
    service LowCardinality(String) COMMENT 'service.name of the process that reports',
    inserted_on Date COMMENT 'day of insertion; retention counts from here',
    first_ms SimpleAggregateFunction(min, Int64) COMMENT 'first state, ms since the epoch',
    connected_ms SimpleAggregateFunction(min, Int64) COMMENT 'first state that claims to be connected; 2^62 where none does',
    claimed SimpleAggregateFunction(max, Int64) COMMENT 'last state: its ms * 2, and 1 more where it claims to be connected',
    dead SimpleAggregateFunction(max, Int8) COMMENT '1 where a reader or a handler was reported dead',
    queue_oldest_ms SimpleAggregateFunction(max, Int64) COMMENT 'greatest age of the oldest outgoing frame, ms; -1 unobserved',
    executing SimpleAggregateFunction(max, Int64) COMMENT 'most handlers running; -1 unobserved',
    last_seen_age_ms SimpleAggregateFunction(max, Int64) COMMENT 'greatest age of the registry''s record, ms; -1 unobserved',
    rx_acks SimpleAggregateFunction(max, Int64) COMMENT 'acknowledgements received; -1 unobserved',
    rx_frames SimpleAggregateFunction(max, Int64) COMMENT 'application frames received; -1 unobserved',
    rx_decode_errors SimpleAggregateFunction(max, Int64) COMMENT 'frames that could not be decoded; -1 unobserved',
    work SimpleAggregateFunction(max, Int64) COMMENT 'commands written by the server, received by the agent; -1 unobserved',
    received SimpleAggregateFunction(max, Int64) COMMENT 'frames received by the server, commands received by the agent; -1 unobserved',
    sent SimpleAggregateFunction(max, Int64) COMMENT 'commands written by the server, frames written by the agent; -1 unobserved',
    beats SimpleAggregateFunction(max, Int64) COMMENT 'heartbeats received by the server; -1 unobserved',
    progress_after_work SimpleAggregateFunction(max, UInt128) COMMENT 'acknowledgements received by the server, or executions of the agent, and their work',
    executed_after_beats SimpleAggregateFunction(max, UInt128) COMMENT 'executions, and heartbeats received until then',
    beats_at SimpleAggregateFunction(max, UInt128) COMMENT 'heartbeats that the server received, or the agent wrote, and the first state, ms, that says so',
    heartbeat_interval_ms SimpleAggregateFunction(min, Int64) COMMENT 'least period of heartbeats that was reported, ms; 2^62 where none was',
    heartbeat_timeout_ms SimpleAggregateFunction(min, Int64) COMMENT 'least limit of their monitor, ms; 2^62 where none was'
)
ENGINE = AggregatingMergeTree
PARTITION BY inserted_on
ORDER BY (block, channel_id, channel_end, connection_id, service, connection_key)
SETTINGS non_replicated_deduplication_window = 10000, merge_selector_base = 10, string_serialization_version = 'single_stream'
COMMENT 'how far each connection had come, every two minutes: what rules read of the quarter of an hour before the last minutes';

CREATE MATERIALIZED VIEW channel_progress_mv TO channel_progress AS
SELECT
    connection_key,
    intDiv(seen_ms, 120000) AS block,
    channel_id,
    channel_end,
    connection_id,
    service,
    toDate(inserted_at) AS inserted_on,
    seen_ms AS first_ms,
    if(connected = 1, seen_ms, 4611686018427387904) AS connected_ms,
    seen_ms * 2 + connected AS claimed,
    dead,
    queue_oldest_ms,
    executing,
    last_seen_age_ms,
    rx_acks,
    rx_frames,
    rx_decode_errors,
    if(channel_end = 'server', tx_commands, rx_commands) AS work,
    if(channel_end = 'server', rx_any, rx_commands) AS received,
    if(channel_end = 'server', tx_commands, tx_any) AS sent,
    if(channel_end = 'server', rx_heartbeats, -1) AS beats,
    toUInt128(if(channel_end = 'server', rx_acks, executed) + 1) * 4611686018427387904 + toUInt64(4611686018427387903 - (work + 1)) AS progress_after_work,
    toUInt128(executed + 1) * 4611686018427387904 + toUInt64(4611686018427387903 - (beats + 1)) AS executed_after_beats,
    toUInt128(if(channel_end = 'server', rx_heartbeats, tx_heartbeats) + 1) * 4611686018427387904 + toUInt64(4611686018427387903 - (seen_ms + 1)) AS beats_at,
    if(c.heartbeat_interval_ms >= 0, c.heartbeat_interval_ms, 4611686018427387904) AS heartbeat_interval_ms,
    if(c.heartbeat_timeout_ms >= 0, c.heartbeat_timeout_ms, 4611686018427387904) AS heartbeat_timeout_ms
FROM channel_counts AS c;

-- What was stored before, for both tables: the second stands behind the first. Told twice it says the same, so a start
-- that was cut short may begin again. The same query as above.
INSERT INTO channel_counts
(
    connection_key, seen_ms, channel_id, connection_id, channel_end, service, inserted_at, connected, dead, queue_oldest_ms, executing,
    last_seen_age_ms, tx_any, rx_any, tx_commands, rx_commands, rx_acks, executed, tx_heartbeats, rx_heartbeats,
    rx_frames, rx_decode_errors, event_loop_lag_ms, heartbeat_interval_ms, heartbeat_timeout_ms
)
SELECT
    sipHash64(channel_id, channel_end, connection_id) AS connection_key,
    intDiv(toUnixTimestamp64Nano(seen_at) + 999999, 1000000) AS seen_ms,
    channel_id,
    connection_id,
    channel_end,
    service,
    inserted_at,
    toUInt8(ifNull(s.connected, false)) AS connected,
    toInt8(multiIf(ifNull(NOT reader_alive, false) OR ifNull(NOT handler_alive, false), 1, isNull(reader_alive) OR isNull(handler_alive), -1, 0)) AS dead,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.queue_oldest_ms, -1)))) AS queue_oldest_ms,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.executing, -1)))) AS executing,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.last_seen_age_ms, -1)))) AS last_seen_age_ms,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(tx_frames + ifNull(tx_control, 0), -1)))) AS tx_any,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(rx_frames + ifNull(rx_control, 0), -1)))) AS rx_any,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.tx_commands, -1)))) AS tx_commands,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.rx_commands, -1)))) AS rx_commands,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.rx_acks, -1)))) AS rx_acks,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.executed, -1)))) AS executed,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.tx_heartbeats, -1)))) AS tx_heartbeats,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.rx_heartbeats, -1)))) AS rx_heartbeats,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.rx_frames, -1)))) AS rx_frames,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.rx_decode_errors, -1)))) AS rx_decode_errors,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.event_loop_lag_ms, -1)))) AS event_loop_lag_ms,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.heartbeat_interval_ms, -1)))) AS heartbeat_interval_ms,
    greatest(-1, least(1000000000000000000, toInt64(ifNull(s.heartbeat_timeout_ms, -1)))) AS heartbeat_timeout_ms
FROM channel_states AS s
WHERE channel_end IN ('agent', 'server');
