import assert from 'node:assert/strict';
import test from 'node:test';
import { resolveLimits } from '../../src/memory/limits.js';

test('what is not given has its default', () => {
  assert.deepEqual(resolveLimits({ lingerMs: 0 }), {
    pendingBytesMax: 67_108_864,
    pendingRecordsMax: 100_000,
    rangeBytesMax: 8_388_608,
    rangeRecordsMax: 10_000,
    lingerMs: 0,
    trickleBytes: 65_536,
    restMsMax: 500,
    closeMs: 10_000,
  });
});

test('a limit out of bounds is named, with what it may be', () => {
  const message = 'memory stream: rangeRecordsMax is 0, must be a whole number from 1 to 1000000';
  assert.throws(() => resolveLimits({ rangeRecordsMax: 0 }), { name: 'RangeError', message });
  assert.throws(() => resolveLimits({ pendingBytesMax: Number.NaN }), /pendingBytesMax is NaN/);
  assert.throws(() => resolveLimits({ pendingBytesMax: 2 ** 30 }), /to 536870912/);
  assert.throws(() => resolveLimits({ lingerMs: 0.5 }), /whole number/);
});
