import assert from 'node:assert/strict';
import test from 'node:test';
import { backoff_ms } from '../../src/delivery/backoff.js';

test('waits double from a second to two minutes, half of each by chance', () => {
  const longest = [1, 2, 3, 7, 8, 9, 1000].map((failures) => backoff_ms(failures, 1));
  assert.deepEqual(longest, [1000, 2000, 4000, 64_000, 120_000, 120_000, 120_000]);
  assert.deepEqual(
    [1, 2, 1000].map((failures) => backoff_ms(failures, 0)),
    [500, 1000, 60_000],
  );
});
