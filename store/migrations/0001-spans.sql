-- Every span, in the schema of the OpenTelemetry Collector's ClickHouse exporter, so that Grafana's data source shows
-- traces without set-up and rows can be moved in and out. Only InsertedAt is ours; partitions go by it (ADR 0003).
CREATE TABLE otel_traces
(
    Timestamp DateTime64(9) COMMENT 'start of the span, UTC' CODEC(Delta, ZSTD(1)),
    TraceId String COMMENT 'lower-case hex' CODEC(ZSTD(1)),
    SpanId String COMMENT 'lower-case hex' CODEC(ZSTD(1)),
    ParentSpanId String COMMENT 'lower-case hex, empty for a root span' CODEC(ZSTD(1)),
    TraceState String COMMENT 'W3C tracestate' CODEC(ZSTD(1)),
    SpanName LowCardinality(String) COMMENT 'name of the span, for a frame frame.<stage>' CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) COMMENT 'Unspecified, Internal, Server, Client, Producer or Consumer' CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) COMMENT 'resource attribute service.name' CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) COMMENT 'attributes of the emitting process' CODEC(ZSTD(1)),
    ScopeName String COMMENT 'instrumentation scope' CODEC(ZSTD(1)),
    ScopeVersion String COMMENT 'version of the instrumentation scope' CODEC(ZSTD(1)),
    SpanAttributes Map(LowCardinality(String), String) COMMENT 'attributes of the span, values as text' CODEC(ZSTD(1)),
    Duration UInt64 COMMENT 'ns; 0 where the end precedes the start' CODEC(ZSTD(1)),
    StatusCode LowCardinality(String) COMMENT 'Unset, Ok or Error' CODEC(ZSTD(1)),
    StatusMessage String COMMENT 'text of the status' CODEC(ZSTD(1)),
    Events Nested
    (
        Timestamp DateTime64(9),
        Name LowCardinality(String),
        Attributes Map(LowCardinality(String), String)
    ) COMMENT 'events of the span' CODEC(ZSTD(1)),
    Links Nested
    (
        TraceId String,
        SpanId String,
        TraceState String,
        Attributes Map(LowCardinality(String), String)
    ) COMMENT 'links to other spans' CODEC(ZSTD(1)),
    InsertedAt DateTime DEFAULT now() COMMENT 'when the stream took the span; retention counts from here' CODEC(Delta, ZSTD(1)),
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX idx_res_attr_key mapKeys(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_res_attr_value mapValues(ResourceAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_span_attr_key mapKeys(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_span_attr_value mapValues(SpanAttributes) TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX idx_duration Duration TYPE minmax GRANULARITY 1,
    INDEX idx_timestamp Timestamp TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(InsertedAt)
ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'every span, schema of the OpenTelemetry ClickHouse exporter';

-- Where a trace lies in time: Grafana's trace view looks here first.
CREATE TABLE otel_traces_trace_id_ts
(
    TraceId String COMMENT 'lower-case hex' CODEC(ZSTD(1)),
    Start DateTime COMMENT 'first start of a span of the trace, in one inserted block' CODEC(Delta, ZSTD(1)),
    End DateTime COMMENT 'last start of a span of the trace, in one inserted block' CODEC(Delta, ZSTD(1)),
    InsertedAt DateTime DEFAULT now() COMMENT 'when the stream took the spans; retention counts from here',
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(InsertedAt)
ORDER BY (TraceId, Start)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'time range of each trace, as the OpenTelemetry ClickHouse exporter keeps it';

CREATE MATERIALIZED VIEW otel_traces_trace_id_ts_mv TO otel_traces_trace_id_ts AS
SELECT
    TraceId,
    min(Timestamp) AS Start,
    max(Timestamp) AS End,
    max(InsertedAt) AS InsertedAt
FROM otel_traces
WHERE TraceId != ''
GROUP BY TraceId;
