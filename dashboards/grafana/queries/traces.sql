-- Traces: root spans, and one trace as the plugin's OpenTelemetry mode asks for it.

-- name: search
-- A root span has no parent and takes some time; without one a trace is not found, here or in Explore.
SELECT
    Timestamp AS began_at,
    TraceId AS trace,
    ServiceName AS service,
    SpanName AS span,
    SpanAttributes['channel.id'] AS channel,
    SpanAttributes['frame.kind'] AS kind,
    SpanAttributes['frame.outcome'] AS outcome,
    Duration / 1000000000 AS duration
FROM otel_traces
WHERE $__timeFilter(Timestamp)
    AND toDateTime(Timestamp) >= $__fromTime
    AND ParentSpanId = ''
    AND Duration > 0
    AND $__conditionalAll(ServiceName IN (${service:sqlstring}), $service)
    AND (${channel:sqlstring} = '' OR SpanAttributes['channel.id'] = ${channel:sqlstring})
ORDER BY Timestamp DESC
LIMIT 200

-- name: trace
-- The columns that the trace panel reads, by the names it knows. The narrow table says where in time to look. Without
-- an id, the newest trace of the range: the page never opens on nothing.
WITH
    if(${trace_id:sqlstring} != '', ${trace_id:sqlstring},
        (SELECT argMax(TraceId, Timestamp) FROM otel_traces
         WHERE $__timeFilter(Timestamp) AND ParentSpanId = '' AND Duration > 0
             AND (${channel:sqlstring} = '' OR SpanAttributes['channel.id'] = ${channel:sqlstring}))) AS wanted,
    (SELECT min(Start) FROM otel_traces_trace_id_ts WHERE TraceId = wanted) AS trace_start,
    (SELECT max(End) + 1 FROM otel_traces_trace_id_ts WHERE TraceId = wanted) AS trace_end
SELECT
    TraceId AS traceID,
    SpanId AS spanID,
    ParentSpanId AS parentSpanID,
    ServiceName AS serviceName,
    SpanName AS operationName,
    multiply(toUnixTimestamp64Nano(Timestamp), 0.000001) AS startTime,
    multiply(Duration, 0.000001) AS duration,
    arrayMap(key -> map('key', key, 'value', SpanAttributes[key]), mapKeys(SpanAttributes)) AS tags,
    arrayMap(key -> map('key', key, 'value', ResourceAttributes[key]), mapKeys(ResourceAttributes)) AS serviceTags,
    if(StatusCode = 'Error', 2, 0) AS statusCode,
    SpanKind AS kind,
    StatusMessage AS statusMessage
FROM otel_traces
WHERE TraceId = wanted
    AND Timestamp >= trace_start
    AND Timestamp <= trace_end
LIMIT 1000

-- name: durations
SELECT
    $__timeInterval(Timestamp) AS time,
    SpanName AS span,
    quantile(0.99)(Duration) / 1000000000 AS p99
FROM otel_traces
WHERE $__timeFilter(Timestamp)
    AND toDateTime(Timestamp) >= $__fromTime
    AND ParentSpanId = ''
    AND Duration > 0
    AND $__conditionalAll(ServiceName IN (${service:sqlstring}), $service)
    AND (${channel:sqlstring} = '' OR SpanAttributes['channel.id'] = ${channel:sqlstring})
GROUP BY time, span
ORDER BY time, span
LIMIT 10000

-- name: variable_service
SELECT DISTINCT ServiceName
FROM otel_traces
WHERE $__timeFilter(Timestamp)
ORDER BY ServiceName
LIMIT 200
