import assert from 'node:assert/strict';
import { readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { openEmbeddedStore, type EmbeddedStore } from '../src/index.js';
import { takeBackUnlanded } from '../src/unlanded.js';
import { spansBatch } from './spans.js';
import { temporaryDir } from './temporary-store.js';

const BATCH = spansBatch([{ name: 'a' }, { name: 'b' }]);
const rows = async (store: EmbeddedStore, table: string): Promise<number | undefined> =>
  (await store.query<{ n: number }>(`SELECT toUInt32(count()) AS n FROM ${table}`))[0]?.n;

async function partsOf(store: EmbeddedStore, table: string): Promise<string[]> {
  const parts = await store.query<{ path: string }>(
    `SELECT path FROM system.parts WHERE active AND database = currentDatabase() AND table = '${table}' ORDER BY max_block_number`,
  );
  return parts.map(({ path }) => path.replace(/\/$/, ''));
}

/** What a kill leaves that comes between the record in the log and the rename: the part still has its temporary name. */
async function unname(part: string | undefined): Promise<void> {
  assert.ok(part !== undefined);
  await rename(part, join(dirname(part), `tmp_insert_${part.slice(dirname(part).length + 1)}`));
}

test('killed between the token and the part: the replay brings the rows back, once', async (t) => {
  const path = await temporaryDir(t);
  const killed = await openEmbeddedStore({ path });
  await killed.insert(BATCH, 'before');
  await killed.insert(BATCH, 'at the kill');
  const [, last] = await partsOf(killed, 'otel_traces');
  await killed.close();
  await unname(last);

  const store = await openEmbeddedStore({ path });
  t.after(() => store.close());
  assert.equal(await rows(store, 'otel_traces'), 2);
  await store.insert(BATCH, 'at the kill');
  assert.equal(await rows(store, 'otel_traces'), 4, 'the rows of the replay are there');
  await store.insert(BATCH, 'at the kill');
  await store.insert(BATCH, 'before');
  assert.equal(await rows(store, 'otel_traces'), 4, 'and tokens are known as before');
});

test('the tokens of parts that have landed stay known: as they are, merged, or in a log that has just been begun', async (t) => {
  const path = await temporaryDir(t);
  const first = await openEmbeddedStore({ path });
  for (const token of ['1', '2', '3']) await first.insert(BATCH, token);
  await first.command('OPTIMIZE TABLE otel_traces FINAL');
  await first.close();
  assert.deepEqual(await takeBackUnlanded(join(path, 'engine')), []);
  const store = await openEmbeddedStore({ path });
  t.after(() => store.close());
  await store.insert(BATCH, '3');
  assert.equal(await rows(store, 'otel_traces'), 6);
});

test('a part that retention dropped is no kill, and a token is taken back once', async (t) => {
  const path = await temporaryDir(t);
  const first = await openEmbeddedStore({ path });
  await first.insert(BATCH, 'kept');
  await first.insert(BATCH, 'gone');
  const [, gone] = await partsOf(first, 'otel_traces');
  await first.close();
  await rm(gone ?? '', { recursive: true });
  assert.equal((await takeBackUnlanded(join(path, 'engine'))).length, 1);
  assert.deepEqual(await takeBackUnlanded(join(path, 'engine')), []);

  const second = await openEmbeddedStore({ path });
  await second.command('ALTER TABLE otel_traces DROP PARTITION ALL');
  await second.close();
  assert.deepEqual(await takeBackUnlanded(join(path, 'engine')), []);
});

test('a folder that holds no engine yet is none', async (t) => {
  const path = await temporaryDir(t);
  assert.deepEqual(await takeBackUnlanded(join(path, 'engine')), []);
  assert.deepEqual(await readdir(path), []);
});
