-- What an insert costs apart from its rows (ADR 0008). A view costs milliseconds of CPU for each block that reaches it,
-- empty or not, and none where no block does. So the views of spans that most blocks do not hold stand behind tables
-- that keep nothing: on their way a block without such spans ends.
CREATE TABLE channel_spans
(
    Timestamp DateTime64(9) COMMENT 'start of the span, UTC',
    SpanName LowCardinality(String) COMMENT 'name of the span',
    ServiceName LowCardinality(String) COMMENT 'resource attribute service.name',
    ResourceAttributes Map(LowCardinality(String), String) COMMENT 'attributes of the emitting process',
    SpanAttributes Map(LowCardinality(String), String) COMMENT 'attributes of the span, values as text',
    Duration UInt64 COMMENT 'ns',
    InsertedAt DateTime COMMENT 'when the stream took the span'
)
ENGINE = Null
COMMENT 'keeps nothing: hands spans about channels and listeners on to the views behind it';

CREATE MATERIALIZED VIEW channel_spans_mv TO channel_spans AS
SELECT Timestamp, SpanName, ServiceName, ResourceAttributes, SpanAttributes, Duration, InsertedAt
FROM otel_traces
WHERE SpanName IN ('channel.state', 'channel.connect', 'channel.close', 'channel.expected', 'listener.state');

-- Apart from channel.state, which each end sends every ten seconds.
CREATE TABLE channel_event_spans
(
    Timestamp DateTime64(9) COMMENT 'start of the span, UTC',
    SpanName LowCardinality(String) COMMENT 'name of the span',
    ServiceName LowCardinality(String) COMMENT 'resource attribute service.name',
    ResourceAttributes Map(LowCardinality(String), String) COMMENT 'attributes of the emitting process',
    SpanAttributes Map(LowCardinality(String), String) COMMENT 'attributes of the span, values as text',
    Duration UInt64 COMMENT 'ns',
    InsertedAt DateTime COMMENT 'when the stream took the span'
)
ENGINE = Null
COMMENT 'keeps nothing: hands spans about connections, the inventory and listeners on to the views behind it';

CREATE MATERIALIZED VIEW channel_event_spans_mv TO channel_event_spans AS
SELECT Timestamp, SpanName, ServiceName, ResourceAttributes, SpanAttributes, Duration, InsertedAt
FROM channel_spans
WHERE SpanName != 'channel.state';

-- The queries of migration 0003, from another table. Made anew: after ALTER ... MODIFY QUERY the engine (26.7) inserts the
-- rows of a token again once it has been restarted.
DROP VIEW channel_states_mv;

CREATE MATERIALIZED VIEW channel_states_mv TO channel_states AS
SELECT
    Timestamp AS seen_at,
    SpanAttributes['channel.id'] AS channel_id,
    SpanAttributes['channel.connection.id'] AS connection_id,
    SpanAttributes['channel.end'] AS channel_end,
    SpanAttributes['channel.transport'] AS transport,
    SpanAttributes['channel.agent.id'] AS agent_id,
    SpanAttributes['channel.agent.version'] AS agent_version,
    SpanAttributes['channel.site'] AS site,
    SpanAttributes['channel.gateway'] AS gateway,
    ServiceName AS service,
    ResourceAttributes['service.instance.id'] AS service_instance,
    transform(SpanAttributes['channel.connected'], ['true', 'false'], [true, false], NULL) AS connected,
    transform(SpanAttributes['channel.reader.alive'], ['true', 'false'], [true, false], NULL) AS reader_alive,
    transform(SpanAttributes['channel.writer.alive'], ['true', 'false'], [true, false], NULL) AS writer_alive,
    transform(SpanAttributes['channel.handler.alive'], ['true', 'false'], [true, false], NULL) AS handler_alive,
    transform(SpanAttributes['channel.heartbeat.active'], ['true', 'false'], [true, false], NULL) AS heartbeat_active,
    toUInt64OrNull(SpanAttributes['channel.queue.depth']) AS queue_depth,
    toUInt64OrNull(SpanAttributes['channel.queue.oldest_ms']) AS queue_oldest_ms,
    toUInt64OrNull(SpanAttributes['channel.rx.age_ms']) AS rx_age_ms,
    toUInt64OrNull(SpanAttributes['channel.tx.age_ms']) AS tx_age_ms,
    toUInt64OrNull(SpanAttributes['channel.tx.frames']) AS tx_frames,
    toUInt64OrNull(SpanAttributes['channel.rx.frames']) AS rx_frames,
    toUInt64OrNull(SpanAttributes['channel.tx.control']) AS tx_control,
    toUInt64OrNull(SpanAttributes['channel.rx.control']) AS rx_control,
    toUInt64OrNull(SpanAttributes['channel.tx.heartbeats']) AS tx_heartbeats,
    toUInt64OrNull(SpanAttributes['channel.rx.heartbeats']) AS rx_heartbeats,
    toUInt64OrNull(SpanAttributes['channel.tx.commands']) AS tx_commands,
    toUInt64OrNull(SpanAttributes['channel.rx.commands']) AS rx_commands,
    toUInt64OrNull(SpanAttributes['channel.tx.acks']) AS tx_acks,
    toUInt64OrNull(SpanAttributes['channel.rx.acks']) AS rx_acks,
    toUInt64OrNull(SpanAttributes['channel.executed']) AS executed,
    toUInt64OrNull(SpanAttributes['channel.tx.bytes']) AS tx_bytes,
    toUInt64OrNull(SpanAttributes['channel.rx.bytes']) AS rx_bytes,
    toUInt64OrNull(SpanAttributes['channel.rx.decode_errors']) AS rx_decode_errors,
    toUInt64OrNull(SpanAttributes['channel.rx.unrouted']) AS rx_unrouted,
    toUInt64OrNull(SpanAttributes['channel.handler.errors']) AS handler_errors,
    toUInt64OrNull(SpanAttributes['channel.executing']) AS executing,
    toUInt64OrNull(SpanAttributes['channel.heartbeat.interval_ms']) AS heartbeat_interval_ms,
    toUInt64OrNull(SpanAttributes['channel.heartbeat.timeout_ms']) AS heartbeat_timeout_ms,
    toUInt64OrNull(SpanAttributes['channel.last_seen.age_ms']) AS last_seen_age_ms,
    toUInt64OrNull(SpanAttributes['channel.state.interval_ms']) AS state_interval_ms,
    toUInt64OrNull(SpanAttributes['process.event_loop.lag_ms']) AS event_loop_lag_ms,
    InsertedAt AS inserted_at
FROM channel_spans
WHERE SpanName = 'channel.state' AND channel_id != '' AND channel_end IN ('agent', 'server', 'relay');

DROP VIEW connection_events_mv;

CREATE MATERIALIZED VIEW connection_events_mv TO connection_events AS
SELECT
    fromUnixTimestamp64Nano(toInt64(least(9223372036854775807, toUInt64(greatest(0, toUnixTimestamp64Nano(Timestamp))) + least(Duration, 9000000000000000000)))) AS seen_at,
    SpanAttributes['channel.id'] AS channel_id,
    SpanAttributes['channel.connection.id'] AS connection_id,
    SpanAttributes['channel.end'] AS channel_end,
    if(SpanName = 'channel.connect', 'connect', 'close') AS event,
    SpanAttributes['channel.transport'] AS transport,
    SpanAttributes['channel.agent.version'] AS agent_version,
    SpanAttributes['channel.site'] AS site,
    SpanAttributes['channel.gateway'] AS gateway,
    ServiceName AS service,
    ResourceAttributes['service.instance.id'] AS service_instance,
    SpanAttributes['channel.connect.outcome'] AS outcome,
    SpanAttributes['channel.connect.phase'] AS phase,
    toUInt16OrNull(SpanAttributes['http.response.status_code']) AS status_code,
    SpanAttributes['server.address'] AS server_address,
    toUInt16OrNull(SpanAttributes['server.port']) AS server_port,
    SpanAttributes['error.type'] AS error_type,
    toUInt16OrNull(SpanAttributes['channel.close.code']) AS close_code,
    SpanAttributes['channel.close.reason'] AS close_reason,
    SpanAttributes['channel.close.initiator'] AS close_initiator,
    toUInt64OrNull(SpanAttributes['channel.lifetime_ms']) AS lifetime_ms,
    InsertedAt AS inserted_at
FROM channel_event_spans
WHERE SpanName IN ('channel.connect', 'channel.close') AND channel_id != '' AND channel_end IN ('agent', 'server', 'relay');

DROP VIEW expected_channels_mv;

CREATE MATERIALIZED VIEW expected_channels_mv TO expected_channels AS
SELECT
    Timestamp AS seen_at,
    SpanAttributes['channel.id'] AS channel_id,
    SpanAttributes['channel.site'] AS site,
    SpanAttributes['channel.gateway'] AS gateway,
    SpanAttributes['channel.agent.version'] AS agent_version,
    ServiceName AS service,
    ResourceAttributes['service.instance.id'] AS service_instance,
    InsertedAt AS inserted_at
FROM channel_event_spans
WHERE SpanName = 'channel.expected' AND channel_id != '';

DROP VIEW listener_states_mv;

CREATE MATERIALIZED VIEW listener_states_mv TO listener_states AS
SELECT
    Timestamp AS seen_at,
    ServiceName AS service,
    ResourceAttributes['service.instance.id'] AS service_instance,
    SpanAttributes['server.address'] AS server_address,
    toUInt16OrNull(SpanAttributes['server.port']) AS server_port,
    transform(SpanAttributes['listener.up'], ['true', 'false'], [true, false], NULL) AS listener_up,
    SpanAttributes['error.type'] AS error_type,
    InsertedAt AS inserted_at
FROM channel_event_spans
WHERE SpanName = 'listener.state';

-- Settings of parts (ADR 0008). The base at which parts are merged is 5 in the engine: small parts were merged up to 15
-- times on their way, and merges took more CPU than inserts. A stream of its own for the sizes of strings, the engine's
-- default, makes each string column two.
ALTER TABLE otel_traces MODIFY SETTING merge_selector_base = 10, string_serialization_version = 'single_stream';
ALTER TABLE otel_traces_trace_id_ts MODIFY SETTING merge_selector_base = 10, string_serialization_version = 'single_stream';
ALTER TABLE frames MODIFY SETTING merge_selector_base = 10, string_serialization_version = 'single_stream';
ALTER TABLE frame_activity MODIFY SETTING merge_selector_base = 10, string_serialization_version = 'single_stream';
ALTER TABLE pending_stages MODIFY SETTING merge_selector_base = 10, string_serialization_version = 'single_stream';
ALTER TABLE heartbeat_stages MODIFY SETTING merge_selector_base = 10, string_serialization_version = 'single_stream';
ALTER TABLE channel_states MODIFY SETTING merge_selector_base = 10, string_serialization_version = 'single_stream';
ALTER TABLE connection_events MODIFY SETTING merge_selector_base = 10, string_serialization_version = 'single_stream';
ALTER TABLE expected_channels MODIFY SETTING merge_selector_base = 10, string_serialization_version = 'single_stream';
ALTER TABLE listener_states MODIFY SETTING merge_selector_base = 10, string_serialization_version = 'single_stream';
ALTER TABLE ingest_ledger MODIFY SETTING merge_selector_base = 10, string_serialization_version = 'single_stream';
