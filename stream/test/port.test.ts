import assert from 'node:assert/strict';
import test from 'node:test';
import { rangeToken, StreamError } from '../src/index.js';

test('the token of a range names its topic, partition, and both offsets', () => {
  assert.equal(
    rangeToken({ topic: 'spans', partition: 3, begin: 10n, end: 2n ** 60n }),
    'spans-3-10-1152921504606846976',
  );
});

test('only a message that is too large is not worth sending again', () => {
  for (const code of ['overloaded', 'unavailable', 'closed'] as const) {
    assert.equal(new StreamError(code, 'why', 1).retryable, true);
  }
  assert.equal(new StreamError('too-large', 'why', 0).retryable, false);
});
