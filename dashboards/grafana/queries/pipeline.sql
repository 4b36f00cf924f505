-- Pipeline: what the store itself tells of how telemetry comes in. Times are those of insertion: a recording that is
-- imported today was stored today.

-- name: now
SELECT
    dateDiff('second', max(inserted_at), now()) AS quiet,
    sumIf(spans, inserted_at > now() - INTERVAL 1 MINUTE) / 60 AS spans_rate,
    quantileIf(0.99)(dateDiff('second', started_at, inserted_at), started_at > 0) AS lag
FROM ingest_ledger
WHERE $__timeFilter(inserted_at)

-- name: dead_letter_count
SELECT count() AS dead_letters
FROM dead_letters
WHERE $__timeFilter(inserted_at)

-- name: rate
SELECT
    $__timeInterval(inserted_at) AS time,
    sum(l.spans) / $__interval_s AS spans,
    count() / $__interval_s AS messages
FROM ingest_ledger AS l
WHERE $__timeFilter(inserted_at)
GROUP BY time
ORDER BY time
LIMIT 10000

-- name: lag
-- From the first span of a message to its storing: what exporters batch, the way, and the pipeline.
SELECT
    $__timeInterval(inserted_at) AS time,
    quantile(0.5)(dateDiff('second', started_at, inserted_at)) AS p50,
    quantile(0.99)(dateDiff('second', started_at, inserted_at)) AS p99
FROM ingest_ledger
WHERE $__timeFilter(inserted_at)
    AND started_at > 0
GROUP BY time
ORDER BY time
LIMIT 10000

-- name: services
SELECT
    service,
    channel_end AS who,
    count() AS states,
    uniq(channel_id) AS channels,
    uniq(service_instance) AS instances,
    max(seen_at) AS last_at,
    quantile(0.99)(event_loop_lag_ms) / 1000 AS loop_lag
FROM channel_states
WHERE $__timeFilter(inserted_at)
GROUP BY service, who
ORDER BY states DESC
LIMIT 100

-- name: errors
-- Counted over all spans, so that a quiet service is a line at nothing and not a missing one.
SELECT
    $__timeInterval(InsertedAt) AS time,
    ServiceName AS service,
    countIf(StatusCode = 'Error') / $__interval_s AS errors
FROM otel_traces
WHERE $__timeFilter(InsertedAt)
GROUP BY time, service
ORDER BY time, service
LIMIT 10000

-- name: dead_letters
-- One row says so where there is none.
SELECT *
FROM
(
    SELECT reason, any(d.message) AS example, count() AS messages, sum(d.bytes) AS bytes, max(inserted_at) AS last_at
    FROM dead_letters AS d
    WHERE $__timeFilter(inserted_at)
    GROUP BY reason
    UNION ALL
    SELECT 'none', 'every message could be decoded', 0, 0, NULL
    WHERE (SELECT count() FROM dead_letters WHERE $__timeFilter(inserted_at)) = 0
)
ORDER BY messages DESC
LIMIT 100

-- name: tables
SELECT
    p.table AS table,
    sum(p.rows) AS rows,
    sum(p.bytes_on_disk) AS on_disk,
    sum(p.data_uncompressed_bytes) AS uncompressed,
    sum(p.bytes_on_disk) / sum(p.rows) AS bytes_a_row,
    count() AS parts,
    min(p.partition) AS oldest_day
FROM system.parts AS p
WHERE p.active AND p.database = 'default' AND p.rows > 0
GROUP BY p.table
ORDER BY on_disk DESC
LIMIT 50

-- name: days
SELECT
    p.partition AS day,
    sum(p.rows) AS rows,
    sum(p.bytes_on_disk) AS on_disk
FROM system.parts AS p
WHERE p.active AND p.database = 'default' AND match(p.partition, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$')
    AND toDateOrZero(p.partition) >= toDate($__toTime) - 60
GROUP BY day
ORDER BY day DESC
LIMIT 60

-- name: verdicts
-- From the instant judged to the record of it: ingestion's lag, the exporters' delay, and the evaluation.
SELECT
    rule,
    count() AS transitions,
    quantile(0.5)(dateDiff('millisecond', at, inserted_at) / 1000) AS p50,
    quantile(0.99)(dateDiff('millisecond', at, inserted_at) / 1000) AS p99
FROM incident_transitions
WHERE $__timeFilter(inserted_at)
GROUP BY rule
ORDER BY transitions DESC
LIMIT 50

-- name: notifications
SELECT
    receiver,
    countIf(event = 'delivered') AS delivered,
    countIf(event = 'failed') AS failed,
    countIf(event = 'refused') AS refused,
    max(attempt) AS attempts_max,
    argMax(answer, at) AS last_answer
FROM notification_attempts
WHERE $__timeFilter(inserted_at)
GROUP BY receiver
ORDER BY receiver
LIMIT 50
