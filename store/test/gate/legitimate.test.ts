import assert from 'node:assert/strict';
import test from 'node:test';
import { openPeopleSql, PeopleSqlError } from '../../src/index.js';
import { temporaryStore } from '../temporary-store.js';
import { GRAFANA, insertSomething, PEOPLE } from './legitimate-statements.js';

test('what Grafana and people send passes, and the engine answers', async (t) => {
  const store = await temporaryStore(t);
  await insertSomething(store);
  const people = await openPeopleSql(store);
  const wrong: string[] = [];
  for (const sql of [...GRAFANA, ...PEOPLE]) {
    await people.query(sql).catch((error: unknown) => {
      wrong.push(`${sql}: ${String(error)}`);
    });
  }
  assert.deepEqual(wrong, []);
  await people.close();
});

test('a trace is answered as Grafana reads it', async (t) => {
  const store = await temporaryStore(t);
  await insertSomething(store);
  const people = await openPeopleSql(store);
  const trace = await people.query(GRAFANA.at(-1)!, { format: 'JSONCompactEachRow' });
  const [traceId, , , , operation, , , , , , logs] = JSON.parse(
    Buffer.from(trace.bytes).toString(),
  ) as unknown[];
  assert.deepEqual([traceId, operation], ['aa01', 'frame.receive']);
  assert.match(JSON.stringify(logs), /"name":"retry".*"value":"1"/);
  await people.close();
});

test('parameters are values, whatever stands in them', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store);
  const text = "it's \\ a\n{n:UInt8}; DROP TABLE frames -- \u0000 é";
  const answer = await people.query(
    "SELECT {n:UInt8} + 1 AS n, {a:Array(String)} AS a, {t:String} AS t, '{t:String}' AS l",
    {
      params: { n: '41', a: "['x', 'y']", t: text },
      format: 'JSONEachRow',
    },
  );
  assert.deepEqual(JSON.parse(Buffer.from(answer.bytes).toString()), {
    n: 42,
    a: ['x', 'y'],
    t: text,
    l: '{t:String}',
  });
  await people.close();
});

test('the format is that of the text, else that of the request, and the whole document', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store);
  const requested = await people.query('SELECT number FROM numbers(200000)', { format: 'JSON' });
  assert.equal(requested.format, 'JSON');
  const document = JSON.parse(Buffer.from(requested.bytes).toString()) as { data: unknown[] };
  assert.equal(document.data.length, 200_000);
  assert.equal(requested.resultRows, 200_000);
  const written = await people.query('SELECT 1 AS a FORMAT CSVWithNames', { format: 'JSON' });
  assert.deepEqual([written.format, Buffer.from(written.bytes).toString()], ['CSVWithNames', '"a"\n1\n']);
  const native = await people.query('SELECT toUInt8(1) AS a', { format: 'Native' });
  assert.deepEqual(Buffer.from(native.bytes), Buffer.from([1, 1, 1, 0x61, 5, ...Buffer.from('UInt8'), 1]));
  const refused = people.query('SELECT 1', { format: 'AvroConfluent' });
  await assert.rejects(
    refused,
    (error) => error instanceof PeopleSqlError && error.code === 'format-refused',
  );
  await people.close();
});
