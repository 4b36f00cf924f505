import assert from 'node:assert/strict';
import test from 'node:test';
import type { StreamRecord } from '@halfopen/stream';
import { dropResent, firstSpanStartS, ledgerBatch } from '../src/ledger.js';
import { messageOf, withBatchId, type Message } from './messages.js';
import { ModelStore } from './model-store.js';
import { delimited, fixed64 } from './transcode/wire-bytes.js';

function recordsOf(messages: readonly Message[]): StreamRecord[] {
  return messages.map((message, i) => ({ offset: BigInt(i), appendedAtMs: 1_790_000_000_999, ...message }));
}

test('a message lies in the ledger at the start of its first span', () => {
  assert.equal(firstSpanStartS(messageOf(['a', 'b'], 1_790_000_123).value), 1_790_000_123);
  const unknownFieldFirst = Buffer.concat([delimited(15, '?'), messageOf(['a'], 7).value]);
  assert.equal(firstSpanStartS(unknownFieldFirst), 7);
});

test('without a span, a start or sense, a message lies at 0', () => {
  assert.equal(firstSpanStartS(Buffer.of()), 0);
  assert.equal(firstSpanStartS(delimited(1, delimited(2))), 0);
  assert.equal(firstSpanStartS(delimited(1, delimited(2, delimited(2)))), 0);
  assert.equal(firstSpanStartS(Buffer.of(0x0a, 0xff)), 0);
});

test('a start beyond 2106 lies at the last second that the column holds', () => {
  const span = fixed64(7, 2n ** 64n - 1n);
  assert.equal(firstSpanStartS(delimited(1, delimited(2, delimited(2, span)))), 2 ** 32 - 1);
});

test('rows of the ledger say which message, which insert, how many spans, when', async () => {
  const store = new ModelStore();
  const [record] = recordsOf([messageOf(['a', 'b'], 5)]);
  await store.insert(ledgerBatch([{ record: record!, spans: 2 }], 'the-token'), 'x');
  const { batchId } = record!;
  assert.deepEqual(store.ledger(), [
    { startedAtS: 5, batchId, token: 'the-token', spans: 2, insertedAtS: 1_790_000_000 },
  ]);
});

test('bytes that another range stored are dropped, and repetitions within the range', async () => {
  const [a, b, c] = [messageOf(['a']), messageOf(['b']), messageOf(['c'], 3)];
  const store = new ModelStore();
  await store.insert(ledgerBatch([{ record: recordsOf([a])[0]!, spans: 1 }], 'earlier'), 'x');
  const left = await dropResent(recordsOf([b, a, c, b]), 'now', store);
  assert.deepEqual(
    left.map(({ offset }) => offset),
    [0n, 2n],
  );
});

test('rows of the own token, left by an earlier attempt, are not counted', async () => {
  const records = recordsOf([messageOf(['a'])]);
  const store = new ModelStore();
  await store.insert(ledgerBatch([{ record: records[0]!, spans: 1 }], 'now'), 'x');
  assert.deepEqual(await dropResent(records, 'now', store), records);
});

test('a range of many messages is looked up in parts', async () => {
  const messages = Array.from({ length: 4_001 }, (_, n) => withBatchId(Buffer.from(`message ${n}`)));
  const store = new ModelStore();
  const last = recordsOf(messages).at(-1)!;
  await store.insert(ledgerBatch([{ record: last, spans: 1 }], 'earlier'), 'x');
  assert.equal((await dropResent(recordsOf(messages), 'now', store)).length, 4_000);
  assert.deepEqual(store.lookUps, [2_000, 2_000, 1]);
});
