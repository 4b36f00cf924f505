import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { promisify } from 'node:util';
import { temporaryDir } from '../temporary-store.js';

// chDB takes the zone of the machine: text was read and partitions were cut by local time.
test('wherever the machine is, text of times is UTC and a day of insertion begins at midnight UTC', async (t) => {
  const script = `
    import { openEmbeddedStore, openPeopleSql } from ${JSON.stringify(new URL('../../src/index.js', import.meta.url).href)};
    const store = await openEmbeddedStore({ path: process.argv[1] });
    await store.command("INSERT INTO otel_traces (InsertedAt) SELECT toDateTime('2026-10-15 02:00:00')");
    const people = await openPeopleSql(store);
    const read = await people.query('SELECT timezone(), toUnixTimestamp(InsertedAt), _partition_id, toDateTime(0) FROM otel_traces');
    console.log(Buffer.from(read.bytes).toString() + new Date(0).getHours());
    await people.close();
    await store.close();`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script, await temporaryDir(t)],
    { env: { ...process.env, TZ: 'America/New_York' } },
  );
  // The process itself keeps its own zone.
  assert.equal(stdout, 'UTC\t1792029600\t20261015\t1970-01-01 00:00:00\n19\n');
});
