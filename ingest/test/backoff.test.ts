import assert from 'node:assert/strict';
import test from 'node:test';
import { backoffMs } from '../src/backoff.js';

test('the pause doubles from 100 ms up to its bound', () => {
  const pauses = [1, 2, 3, 7, 1000].map((failures) => backoffMs(failures, true, 1));
  assert.deepEqual(pauses, [100, 200, 400, 5_000, 5_000]);
  assert.equal(backoffMs(7, false, 1), 6_400);
  assert.equal(backoffMs(1000, false, 1), 30_000);
});

test('jitter takes up to half of it', () => {
  assert.equal(backoffMs(3, true, 0), 200);
});
