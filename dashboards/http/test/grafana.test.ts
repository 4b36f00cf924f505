import assert from 'node:assert/strict';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { EmbeddedStore } from '@halfopen/store';
import { readNative, type Table } from './native.js';
import { ask, codeOf, queryUrl, served, type Answer } from './served.js';

/** As Grafana's data source 4.14 (clickhouse-go 2.43) sends it, byte for byte. */
function panel(url: string, sql: string, seconds = '64'): Promise<Answer> {
  const params = {
    client_protocol_version: '54460',
    database: 'default',
    default_format: 'Native',
    max_execution_time: seconds,
  };
  const headers = {
    'Accept-Encoding': 'gzip',
    Authorization: `Basic ${Buffer.from('default:').toString('base64')}`,
    'User-Agent': 'grafana/12.3 clickhouse-go/2.43.0 (lv:go/1.25)',
  };
  return ask(queryUrl(url, params), { body: sql, headers });
}

function bytesOf({ status, headers, bytes, text }: Answer): Buffer {
  assert.equal(status, 200, text);
  return headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
}

async function table(url: string, sql: string): Promise<Table> {
  return readNative(bytesOf(await panel(url, sql)));
}

test('the hello is one block at revision 54460, byte for byte, and says revision 0', async (t) => {
  const { url } = await served(t);
  const version = (await ask(queryUrl(url, { query: 'SELECT version()' }))).text.trim();
  const string = (text: string) => [text.length, ...Buffer.from(text)];
  const expected = Buffer.from([
    ...[1, 0, 2, 255, 255, 255, 255, 0], // block info
    ...[4, 1], // columns, rows
    ...[...string('displayName()'), ...string('String'), 0, ...string('halfopen')],
    ...[...string('version()'), ...string('String'), 0, ...string(version)],
    ...[...string('revision()'), ...string('UInt32'), 0, 0, 0, 0, 0],
    ...[...string('timezone()'), ...string('String'), 0, ...string('UTC')],
  ]);
  const hello = 'SELECT displayName(), version(), revision(), timezone()';
  for (const sql of [hello, ` ${hello} ;`, hello.toLowerCase()])
    assert.ok(bytesOf(await panel(url, sql, '14')).equals(expected));
  // Others who ask the same have no such decoder.
  const plain = await ask(url, { body: `${hello} FORMAT TSV` });
  assert.match(plain.text, /\t26\.\d+[\d.]*\t\d+\t/);
});

test('what follows is plain Native', async (t) => {
  const { url } = await served(t);
  const one = bytesOf(await panel(url, 'SELECT 1', '14'));
  assert.deepEqual([...one], [1, 1, 1, 0x31, 5, ...Buffer.from('UInt8'), 1]);
  const series = await table(
    url,
    `SELECT toStartOfInterval(toDateTime(at), INTERVAL 20 second) AS time, count() AS n, 'a' AS label
     FROM (SELECT toDateTime(1790848000) + number AS at FROM numbers(100)) WHERE at >= toDateTime(1790848000)
     AND at <= toDateTime(1790859000) GROUP BY time ORDER BY time`,
  );
  assert.deepEqual(series.names, ['time', 'n', 'label']);
  assert.equal(
    series.rows.reduce((sum, [, n]) => sum + Number(n), 0),
    100,
  );
  const nothing = bytesOf(await panel(url, 'SELECT 1 WHERE 0'));
  assert.ok(nothing.length === 0 || readNative(nothing).rows.length === 0);
  const many = await table(url, 'SELECT number FROM numbers(100000)');
  assert.equal(many.rows.length, 100_000);
});

test('an error is a status and a text for the user', async (t) => {
  const { url } = await served(t);
  const answer = await panel(url, 'SELECT no_such_column FROM frames');
  assert.deepEqual([answer.status, codeOf(answer)], [404, 47]);
  assert.equal(answer.headers['content-encoding'], undefined);
});

async function insertTrace(store: EmbeddedStore): Promise<void> {
  await store.command(
    `INSERT INTO otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, StatusCode,
       ResourceAttributes, SpanAttributes, Duration, Events.Timestamp, Events.Name, Events.Attributes, Links.TraceId,
       Links.SpanId, Links.TraceState, Links.Attributes)
     SELECT toDateTime64('2026-10-01 12:00:00.123456789', 9), 'aa01', concat('b', toString(number)), if(number = 0, '', 'b0'),
       'frame', 'Producer', 'agent', if(number = 1, 'Error', 'Ok'), map('service.name', 'agent'), map('channel.id', 'agent-1'),
       1000000, [toDateTime64('2026-10-01 12:00:00.2', 9)], ['retry'], [map('n', '1')], ['cc'], ['dd'], [''], [map('why', 'cause')]
     FROM numbers(3)`,
  );
}

/** What the plugin asks for a trace by its id in OpenTelemetry mode. */
const TRACE = `WITH 'aa01' AS trace_id,
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
    arrayMap((traceID, spanID, attributes) -> tuple(traceID, spanID,
      arrayMap(key -> map('key', key, 'value', attributes[key]), mapKeys(attributes)))::Tuple(traceID String, spanID String, tags Array(Map(String, String))),
      "Links.TraceId", "Links.SpanId", "Links.Attributes") AS references
  FROM "default"."otel_traces" WHERE traceID = trace_id AND "Timestamp" >= trace_start AND "Timestamp" <= trace_end
  ORDER BY spanID LIMIT 1000`;

test('the OpenTelemetry mode finds its tables, columns and functions, and draws a trace', async (t) => {
  const { url, store } = await served(t);
  await insertTrace(store);
  const first = async (sql: string) => (await table(url, sql)).rows.map(([value]) => value);
  assert.ok((await first('SHOW DATABASES')).includes('default'));
  const tables = await first('SHOW TABLES FROM "default"');
  for (const name of ['otel_traces', 'otel_traces_trace_id_ts']) assert.ok(tables.includes(name));
  const columns = await first('DESC TABLE "default"."otel_traces"');
  assert.deepEqual(columns.slice(0, 4), ['Timestamp', 'TraceId', 'SpanId', 'ParentSpanId']);
  assert.match(String(await first('SELECT version()')), /^26\./);
  const described = await table(
    url,
    `SELECT name, type, table FROM system.columns WHERE database IN ('default') AND table = 'otel_traces'`,
  );
  assert.ok(described.rows.some(([name, type]) => name === 'Timestamp' && type === 'DateTime64(9)'));
  assert.ok((await first('SELECT name FROM system.functions')).length > 1000);

  const search = await table(
    url,
    `SELECT "TraceId" as traceID, "ServiceName" as serviceName, "SpanName" as operationName, "Timestamp" as startTime,
       multiply("Duration", 0.000001) as duration FROM "default"."otel_traces"
     WHERE ( "Timestamp" >= toDateTime(1790848000) AND "Timestamp" <= toDateTime(1790859000) ) AND ( ParentSpanId = '' )
       AND ( Duration > 0 ) ORDER BY Timestamp DESC, Duration DESC LIMIT 1000`,
  );
  assert.deepEqual(search.rows, [['aa01', 'agent', 'frame', 1_790_856_000_123_456_789n, 1]]);

  const trace = await table(url, TRACE);
  assert.equal(trace.rows.length, 3);
  const [, failed] = trace.rows.map((row) =>
    Object.fromEntries(trace.names.map((name, at) => [name, row[at]])),
  );
  assert.deepEqual(failed, {
    traceID: 'aa01',
    spanID: 'b1',
    parentSpanID: 'b0',
    serviceName: 'agent',
    operationName: 'frame',
    startTime: 1_790_856_000_123.4568,
    duration: 1,
    tags: [
      new Map([
        ['key', 'channel.id'],
        ['value', 'agent-1'],
      ]),
    ],
    serviceTags: [
      new Map([
        ['key', 'service.name'],
        ['value', 'agent'],
      ]),
    ],
    statusCode: 2,
    logs: [
      [
        'retry',
        '1790856000200',
        [
          new Map([
            ['key', 'n'],
            ['value', '1'],
          ]),
        ],
      ],
    ],
    references: [
      [
        'cc',
        'dd',
        [
          new Map([
            ['key', 'why'],
            ['value', 'cause'],
          ]),
        ],
      ],
    ],
  });
});

test('a dashboard sends all its panels at once', async (t) => {
  const { url } = await served(t);
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, index) => table(url, `SELECT ${index} AS n FROM numbers(1000)`)),
  );
  answers.forEach(({ rows }, index) => {
    assert.deepEqual([rows.length, rows[999]], [1000, [index]]);
  });
});
