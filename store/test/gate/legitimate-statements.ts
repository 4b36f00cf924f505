import type { EmbeddedStore } from '../../src/index.js';

/** Grafana's ClickHouse data source 4.14 (clickhouse-http.md): hello, query builder, dashboards, traces. */
export const GRAFANA = [
  'SELECT displayName(), version(), revision(), timezone()',
  'SELECT 1',
  'SELECT version()',
  'SHOW DATABASES',
  'SHOW TABLES',
  'SHOW TABLES FROM "default"',
  'DESC TABLE "default"."otel_traces"',
  `SELECT name, type, table FROM system.columns WHERE database IN ('default') AND table = 'frames'`,
  `SELECT name FROM system.functions WHERE name LIKE 'to%' ORDER BY name`,
  `SELECT toStartOfInterval(toDateTime("Timestamp"), INTERVAL 20 second) AS time, count() AS spans FROM "default"."otel_traces"
   WHERE Timestamp >= toDateTime(1790848000) AND Timestamp <= toDateTime(1790859000) GROUP BY time ORDER BY time ASC LIMIT 1000`,
  `SELECT toStartOfInterval(toDateTime64(Timestamp, 3), INTERVAL 500 millisecond) AS t, avg(Duration) FROM otel_traces
   WHERE Timestamp >= fromUnixTimestamp64Milli(1790848000000) AND Timestamp <= fromUnixTimestamp64Milli(1790859000000) GROUP BY t ORDER BY t`,
  `SELECT TraceId AS traceID, ServiceName AS serviceName, SpanName AS operationName, Timestamp AS startTime,
     multiply(Duration, 0.000001) AS duration FROM "default"."otel_traces"
   WHERE ( ParentSpanId = '' ) AND ( Duration > 0 ) AND ( Timestamp >= toDateTime(0) AND Timestamp <= toDateTime(4000000000) )
   ORDER BY Timestamp DESC, Duration DESC LIMIT 1000`,
  `WITH 'aa01' AS trace_id,
     (SELECT min(Start) FROM "default"."otel_traces_trace_id_ts" WHERE TraceId = trace_id) AS trace_start,
     (SELECT max(End) + 1 FROM "default"."otel_traces_trace_id_ts" WHERE TraceId = trace_id) AS trace_end
   SELECT "TraceId" AS traceID, "SpanId" AS spanID, "ParentSpanId" AS parentSpanID, "ServiceName" AS serviceName,
     "SpanName" AS operationName, multiply(toUnixTimestamp64Nano("Timestamp"), 0.000001) AS startTime,
     multiply("Duration", 0.000001) AS duration,
     arrayMap(key -> map('key', key, 'value', "SpanAttributes"[key]), mapKeys("SpanAttributes")) AS tags,
     arrayMap(key -> map('key', key, 'value', "ResourceAttributes"[key]), mapKeys("ResourceAttributes")) AS serviceTags,
     if("StatusCode" IN ('Error', 'STATUS_CODE_ERROR'), 2, 0) AS statusCode,
     arrayMap((name, timestamp, attributes) -> tuple(name, toString(toUnixTimestamp64Milli(timestamp)),
       arrayMap(key -> map('key', key, 'value', attributes[key]), mapKeys(attributes)))::Tuple(name String, timestamp String, fields Array(Map(String, String))),
       "Events.Name", "Events.Timestamp", "Events.Attributes") AS logs,
     arrayMap((traceID, spanID, attributes) -> tuple(traceID, spanID, arrayMap(key -> map('key', key, 'value', attributes[key]), mapKeys(attributes)))::Tuple(traceID String, spanID String, tags Array(Map(String, String))),
       "Links.TraceId", "Links.SpanId", "Links.Attributes") AS references
   FROM "default"."otel_traces" WHERE traceID = trace_id AND "Timestamp" >= trace_start AND "Timestamp" <= trace_end LIMIT 1000`,
];

/** What people write. */
export const PEOPLE = [
  'SELECT count() FROM otel_traces;',
  'select Count(*), SUM(Duration), countIf(Duration > 0), quantile(0.9)(Duration), uniqExactIf(SpanId, 1) from otel_traces',
  '-- which\nSELECT /* all */ * FROM frame_journeys LIMIT 10',
  'SELECT channel_id, opened_at, closed_at, closed_by FROM connections ORDER BY opened_at DESC NULLS LAST',
  "SELECT id, rule, cause, summary FROM incidents WHERE status = 'firing'",
  'SELECT * FROM default.channel_states ORDER BY seen_at DESC LIMIT 1 BY channel_id',
  'SELECT f.channel_id, s.connected FROM frames AS f LEFT JOIN channel_states AS s USING (channel_id)',
  'SELECT f.frame_id FROM frames f ASOF JOIN channel_states s ON f.channel_id = s.channel_id AND f.seen_at >= s.seen_at',
  'SELECT channel_id FROM frames WHERE channel_id IN (SELECT channel_id FROM expected_channels)',
  'SELECT channel_id IN frames FROM (SELECT 1 AS channel_id) WHERE 0',
  'SELECT * FROM frame_activity FINAL',
  'SELECT name FROM otel_traces ARRAY JOIN Events.Name AS name',
  "SELECT frame_id FROM frames PREWHERE channel_id = 'agent-1' WHERE stage != ''",
  'SELECT channel_id, seen_at, row_number() OVER (PARTITION BY channel_id ORDER BY seen_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM frames',
  'SELECT sum(spans) OVER w FROM frame_activity WINDOW w AS (ORDER BY bucket)',
  'WITH t(a) AS (SELECT 1) SELECT a FROM t',
  'WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT * FROM a, b',
  'WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM t WHERE x < 10) SELECT sum(x) FROM t',
  'WITH (SELECT max(seen_at) FROM frames) AS last SELECT last',
  'SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 2 EXCEPT SELECT 3',
  'SELECT kind, stage, sum(frames) FROM frame_activity GROUP BY ROLLUP(kind, stage) HAVING sum(frames) >= 0 ORDER BY ALL',
  'SELECT number, 1 AS n FROM numbers(10) ORDER BY number WITH FILL FROM 0 TO 20 STEP 2 INTERPOLATE (n AS n + 1)',
  'SELECT generate_series FROM generate_series(1, 3)',
  "SELECT arraySort(x -> -x, [1, 2]), arrayReduce('sum', [1, 2]), [1, 2][1], (1, 2).2, map('a', 1)['a']",
  "SELECT CAST('1' AS UInt8), '1'::Int64, accurateCastOrNull('x', 'UInt8'), toDateTime64('2026-10-01 12:00:00', 3, 'UTC')",
  "SELECT CASE WHEN 1 THEN 'a' ELSE 'b' END, if(1, 2, 3), multiIf(1, 2, 3), 1 ? 2 : 3, coalesce(NULL, 1)",
  "SELECT now() - INTERVAL 5 MINUTE, dateDiff('second', now(), now()), toStartOfFiveMinutes(now()), formatDateTime(now(), '%H')",
  "SELECT match('agent-1', '^agent'), extract('a1', '\\\\d'), splitByChar('.', 'a.b'), position('ab', 'b'), 'ab' LIKE 'a%'",
  "SELECT JSONExtractString('{\"a\": \"b\"}', 'a'), JSON_VALUE(incident, '$.id') FROM incidents",
  "SELECT * EXCEPT (incident), COLUMNS('^sta') FROM incidents",
  'SELECT * REPLACE (toString(seen_at) AS seen_at) FROM pending_stages',
  "SELECT 'Latency (ms)' AS `Latency (ms)`, 1 AS \"größe\", 'a''b\\n' AS `system.users`",
  'SELECT grouping(kind), exists(SELECT 1) FROM frames GROUP BY kind',
  'SELECT DISTINCT ON (channel_id) channel_id, stage FROM frames',
  'EXPLAIN SELECT * FROM frames',
  "EXPLAIN indexes = 1 SELECT * FROM frames WHERE channel_id = 'a'",
  'EXPLAIN SYNTAX SELECT * FROM frame_journeys',
  'EXPLAIN PIPELINE SELECT count() FROM frames',
  'EXPLAIN ESTIMATE SELECT count() FROM frames',
  'EXPLAIN AST SELECT 1',
  'EXPLAIN QUERY TREE SELECT 1',
  'DESCRIBE frames FORMAT JSON',
  'DESCRIBE (SELECT 1 AS a)',
  'EXISTS frames',
  'EXISTS TABLE default.no_such_table',
  "SHOW TABLES LIKE '%frame%' LIMIT 3",
  'SHOW COLUMNS FROM frames',
  'SHOW CREATE TABLE frames FORMAT TSVRaw',
  'SHOW CREATE VIEW frame_journeys',
  'SELECT table_name FROM information_schema.tables',
  'SELECT table, sum(rows) FROM system.parts WHERE active GROUP BY table',
  "SELECT * FROM telling_view(word = 'a', at = now())",
  "SELECT word FROM telling_view(word = concat('a', 'b'), at = toDateTime('2026-10-01 12:00:00'))",
];

/** Rows of a trace, and a view with parameters. */
export async function insertSomething(store: EmbeddedStore): Promise<void> {
  await store.command(
    `INSERT INTO otel_traces (Timestamp, TraceId, SpanId, SpanName, ServiceName, SpanAttributes, Duration, \`Events.Timestamp\`, \`Events.Name\`, \`Events.Attributes\`)
     SELECT toDateTime64('2026-10-01 12:00:00', 9), 'aa01', 'b1', 'frame.receive', 'agent',
       map('channel.id', 'agent-1', 'channel.end', 'agent', 'frame.id', 'f1', 'frame.stage', 'receive', 'frame.direction', 'to_agent'),
       1000, [now64(9)], ['retry'], [map('n', '1')]`,
  );
  await store.command(
    'CREATE VIEW telling_view AS SELECT {word:String} AS word, {at:DateTime} AS at FROM system.one',
  );
}
