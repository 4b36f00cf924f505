import assert from 'node:assert/strict';
import test from 'node:test';
import { Lanes } from '../../src/delivery/lanes.js';
import type { Owed } from '../../src/outbox/owed.js';

const owed = (incidentId: string, sequence: number, dedupKey = incidentId, attempts = 0): Owed => ({
  incidentId,
  sequence,
  dedupKey,
  attempts,
  recorded_s: sequence,
});

test('only the first of each dedup key is due, whatever became of it, and others go on meanwhile', () => {
  const lanes = new Lanes();
  const [a1, a2, b1] = [owed('a', 1), owed('a', 2), owed('b', 1)];
  lanes.replace([a1, a2, b1]);
  assert.deepEqual([lanes.size, lanes.due(0), lanes.oldest_s()], [3, a1, 1]);
  lanes.failed(a1, 1, 1000);
  assert.deepEqual([lanes.due(0), lanes.nextDue_ms()], [b1, 0]);
  lanes.done(b1);
  assert.deepEqual([lanes.due(999), lanes.nextDue_ms()], [undefined, 1000]);
  assert.deepEqual(lanes.due(1000), { ...a1, attempts: 1 });
  lanes.done(a1);
  assert.deepEqual(lanes.due(0), a2, 'the next of the key waits for nothing');
  lanes.done(a2);
  assert.deepEqual(
    [lanes.size, lanes.due(0), lanes.nextDue_ms(), lanes.oldest_s()],
    [0, undefined, undefined, undefined],
  );
});

test('who has failed goes behind the others, also when his wait is over', () => {
  const lanes = new Lanes();
  lanes.replace([owed('a', 1), owed('b', 1)]);
  lanes.failed(owed('a', 1), 1, 1000);
  assert.equal(lanes.due(5000)?.incidentId, 'b');
});

test('incidents of one key follow each other', () => {
  const lanes = new Lanes();
  lanes.replace([owed('a', 2, 'key'), owed('a', 3, 'key'), owed('b', 2, 'key')]);
  assert.equal(lanes.due(0)?.incidentId, 'a');
  lanes.done(owed('a', 2, 'key'));
  lanes.done(owed('a', 3, 'key'));
  assert.equal(lanes.due(0)?.incidentId, 'b');
});

test('reading anew cuts no wait short, and keeps none for another', () => {
  const lanes = new Lanes();
  lanes.replace([owed('a', 1), owed('a', 2)]);
  lanes.failed(owed('a', 1), 1, 1000);
  lanes.replace([owed('a', 1, 'a', 1), owed('a', 2)]);
  assert.equal(lanes.nextDue_ms(), 1000);
  lanes.replace([owed('a', 2)]);
  assert.equal(lanes.nextDue_ms(), 0);
});
