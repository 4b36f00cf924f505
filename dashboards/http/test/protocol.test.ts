import assert from 'node:assert/strict';
import test from 'node:test';
import { brotliDecompressSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { ask, codeOf, queryUrl, served } from './served.js';

test('a query in the URL, in the body, or in both', async (t) => {
  const { url, logged } = await served(t);
  const inUrl = await ask(queryUrl(url, { query: 'SELECT 1' }));
  assert.deepEqual([inUrl.status, inUrl.text], [200, '1\n']);
  assert.equal((await ask(url, { body: 'SELECT 2' })).text, '2\n');
  assert.equal((await ask(queryUrl(url, { query: 'SELECT 3 +' }), { body: '4' })).text, '7\n');
  assert.equal((await ask(queryUrl(url, { query: 'SELECT 5 -- more' }), { body: '+ 1' })).text, '6\n');
  assert.equal((await ask(queryUrl(url, { query: 'SELECT 7' }), { method: 'HEAD' })).text, '');
  assert.deepEqual(logged, []);
});

test('ping answers anybody, and nothing else does', async (t) => {
  const { url } = await served(t, { guard: () => 'secret-missing' });
  for (const path of ['/ping', '/replicas_status']) {
    const { status, text } = await ask(url + path);
    assert.deepEqual([path, status, text], [path, 200, 'Ok.\n']);
  }
  assert.equal(codeOf(await ask(`${url}/?query=SELECT+1`)), 194);
});

test('the root without a query answers, other paths and methods do not', async (t) => {
  const open = await served(t);
  assert.equal((await ask(open.url)).text, 'Ok.\n');
  assert.equal((await ask(`${open.url}/play`)).status, 404);
  const put = await ask(open.url, { method: 'PUT', body: 'SELECT 1' });
  assert.deepEqual([put.status, codeOf(put)], [501, 48]);
});

test('headers say what the answer is', async (t) => {
  const { url } = await served(t);
  const query_id = 'my-query/1';
  const { headers } = await ask(
    queryUrl(url, { query: 'SELECT number FROM numbers(5) FORMAT JSON', query_id }),
  );
  assert.equal(headers['content-type'], 'application/json; charset=UTF-8');
  assert.equal(headers['x-clickhouse-query-id'], query_id);
  assert.equal(headers['x-clickhouse-format'], 'JSON');
  assert.equal(headers['x-clickhouse-timezone'], 'UTC');
  assert.equal(headers['x-clickhouse-server-display-name'], 'halfopen');
  const summary = JSON.parse(String(headers['x-clickhouse-summary'])) as Record<string, string>;
  assert.equal(summary['result_rows'], '5');
  assert.ok(Number(summary['elapsed_ns']) > 0);
  const own = await ask(queryUrl(url, { query: 'SELECT 1' }));
  assert.match(String(own.headers['x-clickhouse-query-id']), /^[0-9a-f-]{36}$/);
  const failed = await ask(queryUrl(url, { query: 'SELECT x', query_id }));
  assert.equal(failed.headers['x-clickhouse-query-id'], query_id);
});

test('the format is that of the text, the parameter, the header, in this order', async (t) => {
  const { url } = await served(t);
  const headers = { 'X-ClickHouse-Format': 'JSONEachRow' };
  assert.equal((await ask(url, { body: 'SELECT 1 AS a', headers })).text, '{"a":1}\n');
  const asked = queryUrl(url, { default_format: 'CSVWithNames' });
  assert.equal((await ask(asked, { body: 'SELECT 1 AS a', headers })).text, '"a"\n1\n');
  assert.equal((await ask(asked, { body: 'SELECT 1 AS a FORMAT TSVWithNames', headers })).text, 'a\n1\n');
  const avro = await ask(url, { body: 'SELECT 1 FORMAT AvroConfluent' });
  assert.deepEqual([avro.status, codeOf(avro)], [404, 73]);
});

test('parameters are values, escaped as clients send them', async (t) => {
  const { url } = await served(t);
  const body = `SELECT {s:String}, {n:UInt64} + 1, {a:Array(String)}, {z:Nullable(String)} IS NULL, {d:DateTime('UTC')},
    {m:Map(String, UInt8)}, {t:Tuple(UInt8, String)}, {b:Bool}, {l:LowCardinality(String)} FORMAT JSONCompactEachRow`;
  const answer = await ask(
    queryUrl(url, {
      param_s: "it's \\\\ a\\ttab\\n{n:UInt64}; DROP TABLE frames --",
      param_n: '18446744073709551614',
      param_a: "['x\\'y', 'tab\\t', '\\\\']",
      param_z: '\\N',
      param_d: '2026-10-01 12:00:00',
      param_m: "{'k':1}",
      param_t: "(1,'two')",
      param_b: 'true',
      param_l: 'low\\\\',
    }),
    { body },
  );
  assert.equal(
    answer.text,
    '["it\'s \\\\ a\\ttab\\n{n:UInt64}; DROP TABLE frames --", 18446744073709551615, ["x\'y","tab\\t","\\\\"], 1, ' +
      '"2026-10-01 12:00:00", {"k":1}, [1,"two"], true, "low\\\\"]\n',
  );
  const missing = await ask(url, { body: 'SELECT {x:UInt8}' });
  assert.deepEqual([missing.status, codeOf(missing)], [400, 456]);
  const name = await ask(queryUrl(url, { param_t: 'frames' }), { body: 'SELECT * FROM {t:Identifier}' });
  assert.equal(codeOf(name), 456);
});

test('a form carries statement and parameters', async (t) => {
  const { url } = await served(t);
  const boundary = 'xyz';
  const form = (fields: Readonly<Record<string, string>>) =>
    Object.entries(fields)
      .map(
        ([name, value]) =>
          `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
      )
      .join('') + `--${boundary}--\r\n`;
  const headers = { 'Content-Type': `multipart/form-data; boundary=${boundary}` };
  const body = form({ query: 'SELECT {x:String}', param_x: 'y'.repeat(100_000) });
  assert.equal((await ask(url, { headers, body })).text, `${'y'.repeat(100_000)}\n`);
  assert.equal(codeOf(await ask(url, { headers, body: form({ query: 'SELECT 1', other: '1' }) })), 36);
  assert.equal(codeOf(await ask(url, { headers, body: 'no form at all' })), 117);
  const file = body.replace('name="param_x"', 'name="t"; filename="t"');
  assert.equal(codeOf(await ask(url, { headers, body: file })), 48);
});

test('answers are compressed as the client asks', async (t) => {
  const { url } = await served(t);
  const query = 'SELECT number FROM numbers(20000)';
  const plain = await ask(queryUrl(url, { query }));
  assert.equal(plain.headers['content-encoding'], undefined);
  const decoders = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync };
  for (const [name, decode] of Object.entries(decoders)) {
    const headers = { 'Accept-Encoding': `unknown, ${name};q=0.5, identity;q=0.1` };
    const answer = await ask(queryUrl(url, { query }), { headers });
    assert.equal(answer.headers['content-encoding'], name);
    assert.ok(answer.bytes.length < plain.bytes.length / 2);
    assert.ok(decode(answer.bytes).equals(plain.bytes));
  }
  const headers = { 'Accept-Encoding': 'gzip' };
  const off = await ask(queryUrl(url, { query, enable_http_compression: '0' }), { headers });
  assert.equal(off.headers['content-encoding'], undefined);
  const refused = await ask(queryUrl(url, { query }), { headers: { 'Accept-Encoding': 'gzip;q=0, *;q=0' } });
  assert.equal(refused.headers['content-encoding'], undefined);
  for (const name of ['compress', 'decompress'])
    assert.equal(codeOf(await ask(queryUrl(url, { query, [name]: '1' }))), 48);
});

test('bodies may come compressed, and none grows past the bound', async (t) => {
  const { url } = await served(t);
  const gzip = { 'Content-Encoding': 'gzip' };
  assert.equal((await ask(url, { body: gzipSync('SELECT 1'), headers: gzip })).text, '1\n');
  const cases: readonly (readonly [
    code: number,
    status: number,
    body: Uint8Array,
    headers?: Record<string, string>,
  ])[] = [
    [229, 413, gzipSync(Buffer.alloc(100_000_000)), gzip],
    [229, 413, Buffer.alloc(2_000_000, 32)],
    [229, 413, Buffer.from(`SELECT '${'x'.repeat(600_000)}'`)],
    [117, 400, Buffer.from('no gzip'), gzip],
    [117, 400, gzipSync('SELECT 1').subarray(0, 12), gzip],
    [89, 415, Buffer.from('SELECT 1'), { 'Content-Encoding': 'snappy' }],
    [62, 400, Buffer.from([0x53, 0xff, 0xfe])],
    [62, 400, Buffer.from('   ')],
  ];
  for (const [code, status, body, headers] of cases) {
    const answer = await ask(url, { body, headers: headers ?? {} });
    assert.deepEqual([codeOf(answer), answer.status], [code, status], answer.text);
  }
});

test('settings: output is shaped, limits are lowered, what clients send besides is dropped, others are named', async (t) => {
  const { url } = await served(t);
  const with_ = (settings: Record<string, string>, body: string) => ask(queryUrl(url, settings), { body });
  const big = 'SELECT toUInt64(9007199254740993) AS a FORMAT JSONEachRow';
  assert.equal(
    (await with_({ output_format_json_quote_64bit_integers: '1' }, big)).text,
    '{"a":"9007199254740993"}\n',
  );
  const time = "SELECT toDateTime('2026-10-01 12:00:00') AS t";
  assert.equal((await with_({ date_time_output_format: 'iso' }, time)).text, '2026-10-01T12:00:00Z\n');
  const zone = await with_({ session_timezone: 'Europe/Paris' }, 'SELECT toDateTime(0)');
  assert.equal(zone.text, '1970-01-01 01:00:00\n');
  const rows = await with_(
    { max_result_rows: '10', result_overflow_mode: 'break' },
    'SELECT number FROM numbers(100000)',
  );
  assert.ok(rows.text.split('\n').length < 100_000);
  const limited = await with_({ max_execution_time: '1' }, 'SELECT count() FROM system.numbers');
  assert.deepEqual([limited.status, codeOf(limited)], [408, 159]);
  const frugal = await with_(
    { max_memory_usage: '10000000' },
    'SELECT length(groupArray(number)) FROM numbers(10000000)',
  );
  assert.deepEqual([frugal.status, codeOf(frugal)], [500, 241]);
  const raised = await with_(
    { max_memory_usage: '0', max_threads: '64', max_execution_time: '86400', max_block_size: '1000000' },
    "SELECT name, value FROM system.settings WHERE name IN ('max_block_size', 'max_execution_time', 'max_memory_usage', 'max_threads') ORDER BY name",
  );
  assert.equal(
    raised.text,
    'max_block_size\t16384\nmax_execution_time\t30\nmax_memory_usage\t1073741824\nmax_threads\t2\n',
  );
  const dropped = {
    session_id: 'a',
    session_timeout: '60',
    role: 'r',
    send_progress_in_http_headers: '1',
    wait_end_of_query: '1',
    http_write_exception_in_output_format: '0',
    readonly: '0',
    quota_key: 'q',
    user: 'u',
    password: 'p',
    date_time_input_format: 'best_effort',
    enable_http_compression: '1',
  };
  assert.equal((await with_(dropped, 'SELECT 1')).text, '1\n');
  for (const name of [
    'output_format_schema',
    'allow_introspection_functions',
    'allow_ddl',
    'constructor',
    'x'.repeat(300),
  ]) {
    const answer = await with_({ [name]: '1' }, 'SELECT 1');
    assert.deepEqual([answer.status, codeOf(answer)], [404, 115]);
    assert.ok(answer.text.includes(name.slice(0, 100)), answer.text);
  }
  for (const [name, value] of Object.entries({
    max_threads: '1 --config-file=/etc/passwd',
    extremes: '2',
    session_timezone: '../x',
  })) {
    const answer = await with_({ [name]: value }, 'SELECT 1');
    assert.deepEqual([answer.status, codeOf(answer)], [400, 36]);
    assert.ok(answer.text.includes(name));
  }
  const twice = await ask(`${url}/?max_threads=1&max_threads=2`, { body: 'SELECT 1' });
  assert.equal(codeOf(twice), 36);
});

test('there is one database, and parameters that make no sense are named', async (t) => {
  const { url } = await served(t);
  assert.equal((await ask(queryUrl(url, { database: 'default' }), { body: 'SELECT 1' })).text, '1\n');
  const answers = [
    await ask(queryUrl(url, { database: 'system' }), { body: 'SELECT 1' }),
    await ask(url, { body: 'SELECT 1', headers: { 'X-ClickHouse-Database': 'logs' } }),
  ];
  for (const answer of answers) assert.deepEqual([answer.status, codeOf(answer)], [404, 81]);
  assert.equal(codeOf(await ask(queryUrl(url, { query_id: 'a b' }), { body: 'SELECT 1' })), 36);
  assert.equal(codeOf(await ask(queryUrl(url, { client_protocol_version: 'x' }), { body: 'SELECT 1' })), 36);
});

test('exceptions have ClickHouse’s numbers, names and statuses', async (t) => {
  const { url, logged } = await served(t);
  const cases: readonly (readonly [sql: string, code: number, status: number])[] = [
    ['SELECT 1 +', 62, 400],
    ['SELECT 1; SELECT 2', 62, 400],
    ['SELECT no_such_column FROM frames', 47, 404],
    ['SELECT * FROM no_such_table', 60, 404],
    ['SELECT no_such_function(1)', 497, 403],
    ["SELECT toDate('x')", 38, 400],
    ['DROP TABLE frames', 164, 403],
    ['SELECT 1 SETTINGS max_threads = 1', 164, 403],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", 164, 403],
    ["SELECT file('/etc/hostname')", 497, 403],
    ['SELECT * FROM system.users', 60, 404],
    ['SELECT throwIf(1)', 395, 500],
  ];
  for (const [sql, code, status] of cases) {
    const answer = await ask(url, { body: sql });
    assert.deepEqual([sql, codeOf(answer), answer.status], [sql, code, status], answer.text);
    assert.match(String(answer.headers['content-type']), /^text\/plain/);
  }
  assert.deepEqual(logged, []);
});
