import assert from 'node:assert/strict';
import test from 'node:test';
import {
  ClickHouseError,
  ClickHouseLogLevel,
  createClient,
  TupleParam,
  type ClickHouseClient,
} from '@clickhouse/client';
import { afterwards } from '../afterwards.js';
import type { Up } from '../halfopen.js';
import { imported, inProcess, QUESTIONS, TOKEN } from './imported.js';

const clientOf = ({ sqlUrl }: Up, options: object = {}): ClickHouseClient =>
  createClient({ url: sqlUrl, password: TOKEN, log: { level: ClickHouseLogLevel.OFF }, ...options });

/** One `up` for all of the file would be shared state; one for each test takes seconds. These only read. */
test('the official JavaScript client', async (t) => {
  const running = await imported(t);
  const client = clientOf(running);
  afterwards(t, () => client.close());

  await t.test('answers are those of the engine in the process', async () => {
    for (const compressed of [false, true]) {
      const asking = clientOf(running, { compression: { response: compressed } });
      for (const query of QUESTIONS) {
        const expected = await inProcess(running, query);
        assert.ok(expected.length > 0);
        const rows = await (await asking.query({ query, format: 'JSONCompactEachRow' })).json();
        assert.deepEqual(rows, expected, query);
        const { data } = await (await asking.query({ query, format: 'JSONCompact' })).json<unknown[]>();
        assert.deepEqual(data, expected, query);
        const objects = await (await asking.query({ query, format: 'JSONEachRow' })).json<object>();
        assert.deepEqual(
          objects.map((row) => Object.values(row) as unknown[]),
          expected,
          query,
        );
      }
      await asking.close();
    }
  });

  await t.test('parameters of every type', async () => {
    const query = `SELECT {s:String}, {n:UInt64}, {i:Int32}, {f:Float64}, {b:Bool}, {z:Nullable(String)}, {a:Array(String)},
      {aa:Array(Array(UInt8))}, {m:Map(String, UInt8)}, {t:Tuple(UInt8, String)}, {d:Date}, {dt:DateTime('UTC')},
      {dt6:DateTime64(6, 'UTC')}, {u:UUID}, {dec:Decimal(20, 4)}, {l:LowCardinality(String)}, {e:Enum8('a' = 1, 'b' = 2)}`;
    const hard = 'it\'s \\ a\ttab\nand "quotes" {n:UInt64} é 🙂 `; DROP TABLE frames --';
    const query_params = {
      s: hard,
      n: '18446744073709551615',
      i: -7,
      f: 0.1,
      b: true,
      z: null,
      a: [hard, 'b'],
      aa: [[1, 2], []],
      m: new Map([['k', 1]]),
      t: new TupleParam([1, hard]),
      d: '2026-10-01',
      dt: new Date('2026-10-01T12:00:00Z'),
      dt6: '2026-10-01 12:00:00.123456',
      u: '61f0c404-5cb3-11e7-907b-a6006ad3dba0',
      dec: '1234.5678',
      l: 'low',
      e: 'b',
    };
    const settings = { output_format_json_quote_64bit_integers: 1 } as const;
    for (const use_multipart_params of [false, true]) {
      const result = await client.query({
        query,
        query_params,
        use_multipart_params,
        format: 'JSONCompactEachRow',
        clickhouse_settings: settings,
      });
      assert.deepEqual(await result.json(), [
        [
          ...[
            hard,
            '18446744073709551615',
            -7,
            0.1,
            true,
            null,
            [hard, 'b'],
            [[1, 2], []],
            { k: 1 },
            [1, hard],
          ],
          ...['2026-10-01', '2026-10-01 12:00:00', '2026-10-01 12:00:00.123456'],
          ...['61f0c404-5cb3-11e7-907b-a6006ad3dba0', 1234.5678, 'low', 'b'],
        ],
      ]);
    }
  });

  await t.test('a stream comes row by row, and may be left', async () => {
    const query = 'SELECT number AS n FROM numbers(300000)';
    const result = await client.query({ query, format: 'JSONEachRow' });
    let [rows, sum] = [0, 0];
    for await (const chunk of result.stream<{ n: number }>())
      for (const row of chunk) [rows, sum] = [rows + 1, sum + row.json().n];
    assert.deepEqual([rows, sum], [300_000, (300_000 * 299_999) / 2]);
    const stop = new AbortController();
    const endless = await client.query({
      query: 'SELECT number FROM system.numbers',
      format: 'CSV',
      abort_signal: stop.signal,
    });
    for await (const chunk of endless.stream()) {
      assert.ok(chunk.length > 0);
      break;
    }
    stop.abort();
    assert.deepEqual(
      await (await client.query({ query: 'SELECT 1 AS a' })).json<{ a: number }>().then(({ data }) => data),
      [{ a: 1 }],
    );
  });

  await t.test('errors are ClickHouse’s, at once or in the midst of a stream', async () => {
    await assert.rejects(client.query({ query: 'SELECT nope FROM frames' }), (error) => {
      assert.ok(error instanceof ClickHouseError);
      assert.deepEqual([error.code, error.type], ['47', 'UNKNOWN_IDENTIFIER']);
      return true;
    });
    await assert.rejects(client.command({ query: 'DROP TABLE frames' }), { code: '164', type: 'READONLY' });
    await assert.rejects(client.insert({ table: 'frames', values: [{ a: 1 }], format: 'JSONEachRow' }), {
      type: 'READONLY',
    });
    for (const response of [false, true]) {
      const asking = clientOf(running, { compression: { response } });
      const query = 'SELECT throwIf(number = 3000000) AS a FROM numbers(10000000)';
      const streamed = await asking.query({ query, format: 'JSONEachRow' });
      // Behind its decoder this client sees the broken connection before the exception.
      await assert.rejects(streamed.json(), { code: response ? 'ECONNRESET' : '395' });
      const text = await asking.query({ query, format: 'CSV' });
      await assert.rejects(text.text());
      await asking.close();
    }
  });

  await t.test('credentials, ping, sessions and roles', async () => {
    assert.deepEqual(await client.ping(), { success: true });
    assert.deepEqual(await client.ping({ select: true }), { success: true });
    const bearer = createClient({ url: running.sqlUrl, access_token: TOKEN });
    const result = await bearer.query({
      query: 'SELECT 1',
      session_id: 'mine',
      role: ['a', 'b'],
      query_id: 'q',
    });
    assert.equal(result.query_id, 'q');
    await result.text();
    await bearer.close();
    const stranger = clientOf(running, { password: 'wrong' });
    await assert.rejects(stranger.query({ query: 'SELECT 1' }), { code: '516' });
    await stranger.close();
  });
});
