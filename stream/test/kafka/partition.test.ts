import assert from 'node:assert/strict';
import test from 'node:test';
import { CONSUMER_LIMITS } from '../../src/kafka/limits.js';
import { Partition } from '../../src/kafka/partition.js';

const LIMITS = { ...CONSUMER_LIMITS, rangeRecordsMax: 3, lingerMs: 100 };

/** A partition that has been sent these offsets, at instant 0; and what it was told is lost. */
function filled(offsets: readonly number[], position?: { offset?: number; intendedEnd?: number }) {
  const partition = new Partition('spans', 0);
  const big = (value: number | undefined) => (value === undefined ? undefined : BigInt(value));
  let lost = 0n;
  if (position !== undefined)
    lost += partition.locate({ offset: big(position.offset), intendedEnd: big(position.intendedEnd) });
  for (const offset of offsets)
    lost += partition.add({ offset: BigInt(offset), appendedAtMs: 0, batchId: '', value: Buffer.of(1) }, 0);
  const range = () => {
    const { begin, end, records, replayed } = partition.range(LIMITS);
    return [Number(begin), Number(end), records.map((record) => Number(record.offset)), replayed];
  };
  return { partition, lost: Number(lost), range };
}

test('nothing is handed out before it is known where its last owner stood', () => {
  const { partition, range } = filled([5, 6, 7]);
  assert.equal(partition.isReady(1000, LIMITS), false);
  assert.equal(partition.locate({ offset: undefined, intendedEnd: undefined }), 0n);
  assert.equal(partition.isReady(0, LIMITS), true, 'a full range waits for nothing');
  assert.deepEqual(range(), [5, 8, [5, 6, 7], false]);
});

test('a range that is not full waits for company, so long', () => {
  const { partition } = filled([5], { offset: 5 });
  assert.deepEqual([partition.isReady(99, LIMITS), partition.isReady(100, LIMITS)], [false, true]);
});

test('an intended range waits until it is here in full, and is what it was, whatever the limits are now', () => {
  const some = filled([5, 6, 7], { offset: 5, intendedEnd: 10 });
  assert.deepEqual([some.partition.awaitsReplay, some.partition.isReady(1000, LIMITS)], [true, false]);
  const all = filled([5, 6, 7, 8, 9, 10, 11], { offset: 5, intendedEnd: 10 });
  assert.deepEqual([all.partition.awaitsReplay, all.partition.isReady(0, LIMITS)], [false, true]);
  assert.deepEqual(all.range(), [5, 10, [5, 6, 7, 8, 9], true]);
  all.partition.committed(10n, 0);
  assert.deepEqual(all.range(), [10, 12, [10, 11], false]);
});

test('an intended range of which nothing is left is over at once', () => {
  const { partition, lost, range } = filled([20], { offset: 5, intendedEnd: 10 });
  assert.equal(lost, 15);
  assert.equal(partition.isReady(0, LIMITS), true);
  assert.deepEqual(range(), [5, 10, [], true]);
});

test('what is missing is counted: before the first record, and between two', () => {
  assert.equal(filled([5, 6], { offset: 5 }).lost, 0);
  assert.equal(filled([9, 10], { offset: 5 }).lost, 4);
  assert.equal(filled([5, 6, 40, 41], { offset: 5 }).lost, 33);
  const late = filled([9, 10]);
  assert.equal(late.partition.locate({ offset: 5n, intendedEnd: undefined }), 4n);
  assert.equal(filled([9, 10], {}).lost, 0, 'a group that is new begins where the topic begins');
});

test('fetching that begins again further back is the whole of what is here', () => {
  const { partition, lost, range } = filled([100, 101, 50, 51, 52], { offset: 50 });
  assert.deepEqual(range(), [50, 53, [50, 51, 52], false]);
  assert.equal(partition.bytes, 3);
  assert.equal(lost, 50, 'told of the jump, which was a mistake on the careful side');
});

test('once it is revoked it has nothing', () => {
  const { partition } = filled([5, 6, 7], { offset: 5 });
  partition.revoke();
  assert.deepEqual([partition.bytes, partition.revoked, partition.isReady(1000, LIMITS)], [0, true, false]);
});
