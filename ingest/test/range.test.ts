import assert from 'node:assert/strict';
import test from 'node:test';
import { rangeToken, type RangeConsumer, type RecordRange } from '@halfopen/stream';
import { RangeStorage } from '../src/range.js';
import { RowWriter } from '../src/transcode/row-writer.js';
import { malformedMessage, messageOf, type Message } from './messages.js';
import { ModelOffice } from './model-office.js';
import { ModelStore } from './model-store.js';

function rangeOf(messages: readonly Message[]): RecordRange {
  const records = messages.map((message, i) => {
    return { offset: BigInt(i), appendedAtMs: 1_790_000_000_000, ...message };
  });
  return { topic: 't', partition: 0, begin: 0n, end: BigInt(records.length), records, replayed: false };
}

/** Notes the order of calls. */
class NotingStore extends ModelStore {
  readonly calls: string[] = [];

  override insert(...[batch, token]: Parameters<ModelStore['insert']>): Promise<void> {
    this.calls.push(`${batch.table} ${batch.rows} ${token}`);
    return super.insert(batch, token);
  }

  consumer(): RangeConsumer {
    const note = (call: string) => (range: RecordRange) => {
      this.calls.push(`${call} ${rangeToken(range)}`);
      return Promise.resolve();
    };
    const lag = () => ({ records: 0, bytes: 0, oldestAppendedAtMs: undefined });
    return { next: () => Promise.resolve(undefined), intend: note('intend'), commit: note('commit'), lag };
  }
}

test('the steps come in their order, each insert with a token of its own', async () => {
  const store = new NotingStore();
  const range = rangeOf([messageOf(['a', 'b']), malformedMessage('?'), messageOf(['c'])]);
  const outcome = await new RangeStorage(store, store.consumer(), new ModelOffice()).put(range);
  assert.deepEqual(store.calls, [
    'intend t-0-0-3',
    'otel_traces 3 t-0-0-3',
    'dead_letters 1 t-0-0-3-dead',
    'ingest_ledger 3 t-0-0-3-ledger',
    'commit t-0-0-3',
  ]);
  const bytes = range.records.reduce((sum, { value }) => sum + value.length, 0);
  assert.deepEqual(outcome, { records: 3, bytes, resent: 0, spans: 3, deadLetters: 1, deadLettersCut: 0 });
});

test('a range of messages without spans has no rows, and is remembered', async () => {
  const store = new NotingStore();
  await new RangeStorage(store, store.consumer(), new ModelOffice()).put(rangeOf([messageOf([])]));
  assert.deepEqual(store.calls, ['intend t-0-0-1', 'ingest_ledger 1 t-0-0-1-ledger', 'commit t-0-0-1']);
});

test('a range of resent messages only is committed without an insert', async () => {
  const store = new NotingStore();
  const storage = new RangeStorage(store, store.consumer(), new ModelOffice());
  const range = rangeOf([messageOf(['a'])]);
  await storage.put(range);
  store.calls.length = 0;
  const outcome = await storage.put({ ...range, begin: 9n, end: 10n });
  assert.deepEqual(store.calls, ['intend t-0-9-10', 'commit t-0-9-10']);
  assert.equal(outcome.resent, 1);
});

const BLOCK_BYTES = 64 * 1024;

test('rows beyond one block go into further blocks, cut between messages, the same at each attempt', async () => {
  const store = new NotingStore();
  const name = 'x'.repeat(30_000);
  const messages = ['a', 'b', 'c', 'd', 'e'].map((start) => messageOf([start + name]));
  for (let attempt = 1; attempt <= 2; attempt++) {
    await new RangeStorage(store, store.consumer(), new ModelOffice(), new RowWriter(BLOCK_BYTES)).put(
      rangeOf(messages),
    );
    assert.deepEqual(store.tokens('otel_traces'), ['t-0-0-5', 't-0-0-5-block1', 't-0-0-5-block2']);
    const rows = store.bytes('otel_traces').toString('latin1');
    assert.equal([...rows.matchAll(/[a-e]x{30000}/g)].length, 5);
  }
  assert.deepEqual(store.calls.slice(0, 5), [
    'intend t-0-0-5',
    'otel_traces 2 t-0-0-5',
    'otel_traces 2 t-0-0-5-block1',
    'otel_traces 1 t-0-0-5-block2',
    'ingest_ledger 5 t-0-0-5-ledger',
  ]);
});

test('a message that alone is more than one block is a dead letter; its neighbours are stored', async () => {
  const store = new NotingStore();
  const messages = [messageOf(['a']), messageOf(['x'.repeat(BLOCK_BYTES)]), messageOf(['b'])];
  const outcome = await new RangeStorage(
    store,
    store.consumer(),
    new ModelOffice(),
    new RowWriter(BLOCK_BYTES),
  ).put(rangeOf(messages));
  assert.equal(outcome.spans, 2);
  assert.equal(outcome.deadLetters, 1);
  assert.ok(store.bytes('dead_letters').includes('rows-too-large'));
});
