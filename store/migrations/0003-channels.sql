-- What each end believes and has counted, every ten seconds and at each change. Absent means unobserved, so every column is Nullable.
-- Ordered by time first: rules read a window of all channels, people one channel (one granule per five minutes).
CREATE TABLE channel_states
(
    seen_at DateTime64(9) COMMENT 'when the end said so, by its clock' CODEC(Delta, ZSTD(1)),
    channel_id String COMMENT 'the logical channel, stable over reconnects' CODEC(ZSTD(1)),
    connection_id String COMMENT 'one transport session; empty where not reported' CODEC(ZSTD(1)),
    channel_end LowCardinality(String) COMMENT 'who reports: agent, server or relay',
    transport LowCardinality(String) COMMENT 'websocket, tcp, unix, virtio-serial, ...',
    agent_id String COMMENT 'channel.agent.id' CODEC(ZSTD(1)),
    agent_version LowCardinality(String) COMMENT 'channel.agent.version',
    site LowCardinality(String) COMMENT 'channel.site',
    gateway LowCardinality(String) COMMENT 'channel.gateway',
    service LowCardinality(String) COMMENT 'service.name of the process that reports',
    service_instance LowCardinality(String) COMMENT 'service.instance.id of the process that reports',
    connected Nullable(Bool) COMMENT 'what the application is told' CODEC(ZSTD(1)),
    reader_alive Nullable(Bool) COMMENT 'does the read loop run' CODEC(ZSTD(1)),
    writer_alive Nullable(Bool) COMMENT 'does the write loop run' CODEC(ZSTD(1)),
    handler_alive Nullable(Bool) COMMENT 'does the handler run' CODEC(ZSTD(1)),
    heartbeat_active Nullable(Bool) COMMENT 'does this ends heartbeat timer run' CODEC(ZSTD(1)),
    queue_depth Nullable(UInt64) COMMENT 'outgoing frames not yet written' CODEC(ZSTD(1)),
    queue_oldest_ms Nullable(UInt64) COMMENT 'age of the oldest of them, ms' CODEC(ZSTD(1)),
    rx_age_ms Nullable(UInt64) COMMENT 'ms since the last completed receive, or since open' CODEC(ZSTD(1)),
    tx_age_ms Nullable(UInt64) COMMENT 'ms since the last completed write, or since open' CODEC(ZSTD(1)),
    tx_frames Nullable(UInt64) COMMENT 'frames written, all but control frames' CODEC(ZSTD(1)),
    rx_frames Nullable(UInt64) COMMENT 'frames received, all but control frames' CODEC(ZSTD(1)),
    tx_control Nullable(UInt64) COMMENT 'control frames written' CODEC(ZSTD(1)),
    rx_control Nullable(UInt64) COMMENT 'control frames received' CODEC(ZSTD(1)),
    tx_heartbeats Nullable(UInt64) COMMENT 'heartbeats written' CODEC(ZSTD(1)),
    rx_heartbeats Nullable(UInt64) COMMENT 'heartbeats received' CODEC(ZSTD(1)),
    tx_commands Nullable(UInt64) COMMENT 'commands written' CODEC(ZSTD(1)),
    rx_commands Nullable(UInt64) COMMENT 'commands received' CODEC(ZSTD(1)),
    tx_acks Nullable(UInt64) COMMENT 'acknowledgements written' CODEC(ZSTD(1)),
    rx_acks Nullable(UInt64) COMMENT 'acknowledgements received' CODEC(ZSTD(1)),
    executed Nullable(UInt64) COMMENT 'frames whose handler has ended' CODEC(ZSTD(1)),
    tx_bytes Nullable(UInt64) COMMENT 'bytes written' CODEC(ZSTD(1)),
    rx_bytes Nullable(UInt64) COMMENT 'bytes received' CODEC(ZSTD(1)),
    rx_decode_errors Nullable(UInt64) COMMENT 'frames that could not be decoded' CODEC(ZSTD(1)),
    rx_unrouted Nullable(UInt64) COMMENT 'frames that no handler took' CODEC(ZSTD(1)),
    handler_errors Nullable(UInt64) COMMENT 'handlers that failed' CODEC(ZSTD(1)),
    executing Nullable(UInt64) COMMENT 'handlers running now' CODEC(ZSTD(1)),
    heartbeat_interval_ms Nullable(UInt64) COMMENT 'configured period of the sender, ms' CODEC(ZSTD(1)),
    heartbeat_timeout_ms Nullable(UInt64) COMMENT 'configured limit of the monitor, ms' CODEC(ZSTD(1)),
    last_seen_age_ms Nullable(UInt64) COMMENT 'age of the registrys record of the agent, ms' CODEC(ZSTD(1)),
    state_interval_ms Nullable(UInt64) COMMENT 'period of these reports, ms' CODEC(ZSTD(1)),
    event_loop_lag_ms Nullable(UInt64) COMMENT 'how late the event loop turns, ms' CODEC(ZSTD(1)),
    inserted_at DateTime COMMENT 'when the stream took the span; retention counts from here' CODEC(Delta, ZSTD(1)),
    INDEX idx_channel channel_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (toStartOfFiveMinutes(seen_at), channel_id, channel_end, seen_at)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'what each end of a channel believes and has counted; counters are cumulative per connection';

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
FROM otel_traces
WHERE SpanName = 'channel.state' AND channel_id != '' AND channel_end IN ('agent', 'server', 'relay');

-- Attempts and closes, as either end reports them.
CREATE TABLE connection_events
(
    seen_at DateTime64(9) COMMENT 'end of the attempt, or the close' CODEC(Delta, ZSTD(1)),
    channel_id String COMMENT 'the logical channel' CODEC(ZSTD(1)),
    connection_id String COMMENT 'one transport session; empty where none came about' CODEC(ZSTD(1)),
    channel_end LowCardinality(String) COMMENT 'who reports',
    event LowCardinality(String) COMMENT 'connect or close',
    transport LowCardinality(String) COMMENT 'channel.transport',
    agent_version LowCardinality(String) COMMENT 'channel.agent.version',
    site LowCardinality(String) COMMENT 'channel.site',
    gateway LowCardinality(String) COMMENT 'channel.gateway',
    service LowCardinality(String) COMMENT 'service.name of the process that reports',
    service_instance LowCardinality(String) COMMENT 'service.instance.id of the process that reports',
    outcome LowCardinality(String) COMMENT 'of a connect: ok, refused, timeout, rejected or error',
    phase LowCardinality(String) COMMENT 'of a connect, how far it came: dns, tcp, tls, upgrade or hello',
    status_code Nullable(UInt16) COMMENT 'http.response.status_code of the upgrade',
    server_address String COMMENT 'where the attempt went' CODEC(ZSTD(1)),
    server_port Nullable(UInt16) COMMENT 'port of the attempt',
    error_type LowCardinality(String) COMMENT 'error.type',
    close_code Nullable(UInt16) COMMENT 'channel.close.code',
    close_reason String COMMENT 'channel.close.reason' CODEC(ZSTD(1)),
    close_initiator LowCardinality(String) COMMENT 'self, peer or transport, as seen by the end that reports',
    lifetime_ms Nullable(UInt64) COMMENT 'of a close: how long the connection lived, ms',
    inserted_at DateTime COMMENT 'when the stream took the span; retention counts from here' CODEC(Delta, ZSTD(1)),
    INDEX idx_channel channel_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (toStartOfFiveMinutes(seen_at), channel_id, event, seen_at)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'connection attempts and closes, one row per end that reports';

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
FROM otel_traces
WHERE SpanName IN ('channel.connect', 'channel.close') AND channel_id != '' AND channel_end IN ('agent', 'server', 'relay');

CREATE VIEW connections
(
    channel_id String COMMENT 'the logical channel',
    connection_id String COMMENT 'one transport session',
    opened_at Nullable(DateTime64(9)) COMMENT 'when an end first reported it as connected',
    closed_at Nullable(DateTime64(9)) COMMENT 'when an end first reported its close; NULL while none has',
    close_code Nullable(UInt16) COMMENT 'channel.close.code',
    close_reason String COMMENT 'channel.close.reason',
    closed_by String COMMENT 'agent, server or relay that closed it, transport, or unknown; empty while it is open',
    lifetime_ms Nullable(UInt64) COMMENT 'how long it lived, ms',
    seen_by Array(String) COMMENT 'ends that reported its opening or its close'
)
AS
SELECT
    channel_id,
    connection_id,
    minIfOrNull(seen_at, event = 'connect') AS opened_at,
    minIfOrNull(seen_at, event = 'close') AS closed_at,
    anyIf(e.close_code, event = 'close') AS close_code,
    anyIf(e.close_reason, event = 'close' AND e.close_reason != '') AS close_reason,
    multiIf(
        countIf(event = 'close' AND close_initiator = 'self') > 0, anyIf(channel_end, event = 'close' AND close_initiator = 'self'),
        countIf(event = 'close' AND close_initiator = 'transport') > 0, 'transport',
        countIf(event = 'close') > 0, 'unknown',
        '') AS closed_by,
    max(e.lifetime_ms) AS lifetime_ms,
    arraySort(groupUniqArray(channel_end)) AS seen_by
FROM connection_events AS e
WHERE connection_id != ''
GROUP BY channel_id, connection_id
COMMENT 'one row per transport session, all ends'' reports together';

-- The server's inventory: which channels should exist, as each sweep says.
CREATE TABLE expected_channels
(
    seen_at DateTime64(9) COMMENT 'when the sweep named the channel' CODEC(Delta, ZSTD(1)),
    channel_id String COMMENT 'a channel that should exist, connected or not' CODEC(ZSTD(1)),
    site LowCardinality(String) COMMENT 'channel.site',
    gateway LowCardinality(String) COMMENT 'channel.gateway',
    agent_version LowCardinality(String) COMMENT 'channel.agent.version',
    service LowCardinality(String) COMMENT 'service.name of the server',
    service_instance LowCardinality(String) COMMENT 'service.instance.id of the server',
    inserted_at DateTime COMMENT 'when the stream took the span; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (toStartOfFiveMinutes(seen_at), channel_id, seen_at)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'the inventory: channels that servers expect, one row per sweep';

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
FROM otel_traces
WHERE SpanName = 'channel.expected' AND channel_id != '';

-- Is anything listening where agents should arrive?
CREATE TABLE listener_states
(
    seen_at DateTime64(9) COMMENT 'when the server said so' CODEC(Delta, ZSTD(1)),
    service LowCardinality(String) COMMENT 'service.name of the server',
    service_instance LowCardinality(String) COMMENT 'service.instance.id of the server',
    server_address String COMMENT 'address of the listener' CODEC(ZSTD(1)),
    server_port Nullable(UInt16) COMMENT 'port of the listener',
    listener_up Nullable(Bool) COMMENT 'does it listen',
    error_type LowCardinality(String) COMMENT 'why not',
    inserted_at DateTime COMMENT 'when the stream took the span; retention counts from here' CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate(inserted_at)
ORDER BY (toStartOfFiveMinutes(seen_at), service, seen_at)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'listeners of the servers, up or not';

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
FROM otel_traces
WHERE SpanName = 'listener.state';
