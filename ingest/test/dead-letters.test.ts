import assert from 'node:assert/strict';
import test from 'node:test';
import { WireError } from '@halfopen/otlp';
import { deadLetterBatch, deadLetterOf } from '../src/dead-letters.js';
import { RowLimitError } from '../src/transcode/row-writer.js';
import { withBatchId } from './messages.js';

const range = { topic: 'spans', partition: 3, begin: 0n, end: 0n, records: [], replayed: false };

test('a dead letter says where the message lies, what is wrong at which byte, and how it begins', () => {
  const message = withBatchId(Buffer.alloc(600, 0xfe));
  const record = { offset: 2n ** 33n + 5n, appendedAtMs: 1_790_000_000_500, ...message };
  const error = new WireError('truncated', 77, 'the bytes end inside a field');
  const { table, rows, chunks, columns } = deadLetterBatch([deadLetterOf(range, record, error)]);
  assert.deepEqual([table, rows, columns.length], ['dead_letters', 1, 10]);

  const row = Buffer.concat(chunks);
  let at = 0;
  const take = (bytes: number) => row.subarray(at, (at += bytes));
  const text = () => take(take(1).readUInt8()).toString();
  assert.equal(take(4).readUInt32LE(), 1_790_000_000);
  assert.equal(text(), 'spans');
  assert.equal(take(4).readUInt32LE(), 3);
  assert.equal(take(8).readBigUInt64LE(), 2n ** 33n + 5n);
  assert.equal(take(16).toString('hex'), message.batchId);
  assert.equal(text(), 'truncated');
  assert.equal(text(), 'malformed protobuf at byte 77: the bytes end inside a field');
  assert.equal(take(8).readBigUInt64LE(), 77n);
  assert.equal(take(8).readBigUInt64LE(), 600n);
  assert.deepEqual(take(2), Buffer.of(0x80, 0x04), '512 as a varint');
  assert.deepEqual(take(512), Buffer.alloc(512, 0xfe), 'raw, though it is no UTF-8');
  assert.equal(at, row.length);
});

test('a message at fault as a whole has no offset', () => {
  const record = { offset: 0n, appendedAtMs: 0, ...withBatchId(Buffer.from('whole')) };
  const row = Buffer.concat(deadLetterBatch([deadLetterOf(range, record, new RowLimitError(9))]).chunks);
  const offsetAndLength = Buffer.concat([Buffer.alloc(8), Buffer.of(5, 0, 0, 0, 0, 0, 0, 0), Buffer.of(5)]);
  assert.ok(row.includes(Buffer.concat([offsetAndLength, Buffer.from('whole')])));
});
