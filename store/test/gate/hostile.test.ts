import assert from 'node:assert/strict';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { openPeopleSql, PeopleSqlError, type EmbeddedStore, type PeopleSql } from '../../src/index.js';
import { temporaryDir, temporaryStore } from '../temporary-store.js';
import { ENDLESS, HOSTILE } from './hostile-statements.js';

async function outcome(people: PeopleSql, sql: string): Promise<string> {
  return people.query(sql).then(
    ({ bytes }) => `answered ${Buffer.from(bytes).toString().slice(0, 80)}`,
    (error: unknown) => (error instanceof PeopleSqlError ? error.code : String(error)),
  );
}

async function assertUnharmed(store: EmbeddedStore, people: PeopleSql): Promise<void> {
  const rows = [{ name: 'frames' }, { name: 'otel_traces' }, { name: 'schema_migrations' }];
  assert.deepEqual(
    await store.query(
      `SELECT name FROM system.tables WHERE database = 'default' AND name IN ('frames', 'otel_traces', 'schema_migrations') ORDER BY name`,
    ),
    rows,
  );
  const before = await store.query('SELECT count() AS spans FROM otel_traces');
  await store.command(`INSERT INTO otel_traces (Timestamp, SpanName) SELECT now64(9), 'a'`);
  assert.notDeepEqual(await store.query('SELECT count() AS spans FROM otel_traces'), before);
  assert.equal(await outcome(people, 'SELECT 1'), 'answered 1\n');
}

test('what is not for reading, reaches out, or hides what it reads is refused before it runs', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store);
  const wrong: string[] = [];
  for (const [code, sql] of HOSTILE) {
    const got = await outcome(people, sql);
    if (got !== code) wrong.push(`${sql}: ${got}, not ${code}`);
  }
  assert.deepEqual(wrong, []);
  await assert.rejects(access('/tmp/halfopen-outfile'));
  await assertUnharmed(store, people);
  await people.close();
});

test('what has no end or outgrows the memory is ended by the limits', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store, { executionSecondsMax: 0.5, memoryBytesMax: 200e6 });
  for (const sql of ENDLESS) assert.equal(await outcome(people, sql), 'limit-exceeded', sql.slice(0, 100));
  await assertUnharmed(store, people);
  await people.close();
});

test("names that double with each use are ended by the bound on the query, in the engine's words", async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store);
  const doubled = Array.from({ length: 60 }, (_, i) => `(x${i}, x${i}) AS x${i + 1}`);
  await assert.rejects(people.query(`SELECT 1 AS x0, ${doubled.join(', ')}`), {
    code: 'query-failed',
    message: /Query tree is too big/,
  });
  await people.close();
});

test('a file is found under no name, and is not read where its name is a plain word', async (t) => {
  const dir = await temporaryDir(t);
  const path = join(dir, 'secret.csv');
  await writeFile(path, 'secret\n1\n');
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store);
  const workingDir = process.cwd();
  process.chdir(dir);
  t.after(() => {
    process.chdir(workingDir);
  });
  for (const sql of [
    `SELECT * FROM \`${path}\``,
    'SELECT * FROM `secret.csv`',
    'SELECT 1 IN `secret.csv`',
    'SELECT count() FROM (SELECT (WITH secret AS (SELECT 1) SELECT 1)) AS a, secret',
    `DESCRIBE \`${path}\``,
    `EXISTS TABLE \`${path}\``,
  ]) {
    const got = await outcome(people, sql);
    assert.ok(!got.startsWith('answered'), `${sql}: ${got}`);
  }
  await people.close();
});

const ATOMS = [
  "file('/etc/hostname')",
  "`file`('/etc/hostname')",
  "FILE /**/ ('/etc/hostname')",
  "(arrayMap(file, ['/etc/hostname']))[1]",
  "(SELECT any(x) FROM file('/etc/hostname', 'LineAsString', 'x String'))",
  '(SELECT * FROM `/etc/hostname` LIMIT 1)',
  '(SELECT any(name) FROM system.users)',
  "if('a' IN system.users, 'a', 'b')",
];
const CONTEXTS: ((inner: string) => string)[] = [
  (inner) => `concat(${inner}, '')`,
  (inner) => `(SELECT ${inner})`,
  (inner) => `(WITH ${inner} AS w SELECT toString(w))`,
  (inner) => `(SELECT max(s.v) FROM (SELECT ${inner} AS v) AS s)`,
  (inner) => `arrayMap(x -> concat(x, ${inner}), ['a'])[1]`,
  (inner) => `if(1, ${inner}, '')`,
  (inner) => `CASE WHEN 1 THEN ${inner} ELSE '' END`,
  (inner) => `tupleElement(tuple(${inner}), 1)`,
  (inner) => `map('k', ${inner})['k']`,
  (inner) => `(SELECT any(y) FROM (SELECT 1 AS x) ARRAY JOIN [${inner}] AS y)`,
  (inner) => `(SELECT any(a.v) FROM (SELECT ${inner} AS v) AS a INNER JOIN (SELECT 1 AS k) AS b ON b.k = 1)`,
  (inner) => `(SELECT 'a' UNION ALL SELECT ${inner} LIMIT 1)`,
  (inner) => `/* ' */ ${inner} -- "\n`,
  (inner) => `(((${inner})))`,
];

test('however it is wrapped, it is refused', async (t) => {
  const store = await temporaryStore(t);
  const people = await openPeopleSql(store);
  const wraps = fc.array(fc.constantFrom(...CONTEXTS), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...ATOMS), wraps, async (atom, contexts) => {
      const sql = `SELECT ${contexts.reduce((inner, wrap) => wrap(inner), atom)} AS r`;
      assert.match(await outcome(people, sql), /^(function|table)-refused$/, sql);
    }),
    { numRuns: 150 },
  );
  await people.close();
});
