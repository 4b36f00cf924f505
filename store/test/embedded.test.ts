import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { openEmbeddedStore, StoreError } from '../src/index.js';
import { spansBatch } from './spans.js';
import { temporaryDir, temporaryStore } from './temporary-store.js';

const SPAN = spansBatch([{ name: 'a' }]);
const COUNT = 'SELECT count() AS spans FROM otel_traces';

test('what was inserted is there after a restart', async (t) => {
  const path = await temporaryDir(t);
  const first = await openEmbeddedStore({ path });
  await first.insert(SPAN, 'one');
  await first.close();
  const second = await openEmbeddedStore({ path });
  assert.deepEqual(await second.query(COUNT), [{ spans: 1 }]);
  await second.close();
});

test('a closed store lets another process open the directory', async (t) => {
  const path = await temporaryDir(t);
  const store = await openEmbeddedStore({ path });
  await store.insert(SPAN, 'one');
  await store.close();
  const script = `
    import { openEmbeddedStore } from ${JSON.stringify(new URL('../src/index.js', import.meta.url).href)};
    const store = await openEmbeddedStore({ path: process.argv[1] });
    console.log(JSON.stringify(await store.query(${JSON.stringify(COUNT)})));
    await store.close();`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  assert.equal(exitCode, 0);
  assert.deepEqual(JSON.parse(Buffer.concat(output).toString()), [{ spans: 1 }]);
});

test('what runs when the store is closed is waited for; what comes later is refused', async (t) => {
  const path = await temporaryDir(t);
  const store = await openEmbeddedStore({ path });
  const running = store.query<{ n: number }>(
    'SELECT count() AS n FROM numbers(300000000) WHERE NOT ignore(number)',
  );
  await Promise.all([store.close(), store.close()]);
  assert.deepEqual(await running, [{ n: 300_000_000 }]);
  const isClosed = (error: unknown) =>
    error instanceof StoreError && error.code === 'closed' && !error.retryable;
  await assert.rejects(store.query('SELECT 1'), isClosed);
  await assert.rejects(store.insert(SPAN, 'one'), isClosed);
  assert.throws(() => store.openReadOnlySession({}), isClosed);
});

test('an insert does not wait for a query, not even for one with parameters', async (t) => {
  const store = await temporaryStore(t);
  const ends: string[] = [];
  const endless = store
    .query('SELECT count() FROM system.numbers WHERE number != {n:UInt64}', { params: { n: 1 } })
    .finally(() => ends.push('query'));
  const killed = assert.rejects(endless, /QUERY_WAS_CANCELLED/);
  await store.insert(SPAN, 'one');
  assert.deepEqual(ends, []);
  while (ends.length === 0)
    await store.command(`KILL QUERY WHERE query LIKE 'SELECT count() FROM system.numbers%' SYNC`);
  await killed;
});

test('a failed statement says in the engine’s words why, and whether to try again', async (t) => {
  const store = await temporaryStore(t);
  await assert.rejects(store.query('SELECT no_such_column FROM frames'), {
    code: 'query-failed',
    retryable: false,
    message: /^Code: 47\. DB::Exception: .*no_such_column/,
  });
  await assert.rejects(store.insert({ ...SPAN, chunks: [Buffer.from([1, 2, 3])] }, 'torn'), {
    code: 'insert-failed',
    retryable: true,
  });
  assert.deepEqual(await store.query(COUNT), [{ spans: 0 }]);
});

test('parameters and settings hold for their statement only', async (t) => {
  const store = await temporaryStore(t);
  const value = "it's \\ a\n\t{n:UInt8}; --";
  assert.deepEqual(await store.query('SELECT {v:String} AS v', { params: { v: value } }), [{ v: value }]);
  const threads = `SELECT value FROM system.settings WHERE name = 'max_block_size'`;
  const before = await store.query(threads);
  assert.deepEqual(await store.query(threads, { settings: { max_block_size: 7 } }), [{ value: '7' }]);
  await store.insert(SPAN, "a token with ' and \\ in it");
  assert.deepEqual(await store.query(threads), before);
  assert.deepEqual(
    await store.query(`SELECT value FROM system.settings WHERE name = 'insert_deduplication_token'`),
    [{ value: '' }],
  );
});

test('staged rows are gone after the insert, and those of a crash after the next start', async (t) => {
  const path = await temporaryDir(t);
  const staging = join(path, 'staging');
  const first = await openEmbeddedStore({ path });
  await first.insert(SPAN, 'one');
  await assert.rejects(first.insert({ ...SPAN, chunks: [Buffer.from([1])] }, 'torn'));
  assert.deepEqual(await readdir(staging), []);
  await first.close();
  await writeFile(join(staging, '7.rows'), 'left by a crash');
  const second = await openEmbeddedStore({ path });
  assert.deepEqual(await readdir(staging), []);
  await second.close();
});

test('fsync is asked of the engine for every table: what is acknowledged is in all of them', async (t) => {
  const path = await temporaryDir(t);
  const store = await openEmbeddedStore({ path, fsync: true });
  await store.insert(SPAN, 'one');
  const rows = await store.query<{ name: string; synced: boolean }>(
    `SELECT name, engine_full LIKE '%fsync_after_insert = 1%fsync_part_directory = 1%' AS synced
     FROM system.tables WHERE database = 'default' AND engine LIKE '%MergeTree'`,
  );
  assert.deepEqual(
    rows.filter(({ synced }) => !synced),
    [],
  );
  const names = rows.map(({ name }) => name);
  for (const name of ['otel_traces', 'frames', 'channel_states', 'ingest_ledger', 'notification_attempts'])
    assert.ok(names.includes(name), name);
  await store.close();
});
