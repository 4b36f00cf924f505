import assert from 'node:assert/strict';
import test from 'node:test';
import { DrainRate } from '../../src/memory/drain-rate.js';

test('the hint is the time to store what waits at the rate seen', () => {
  const rate = new DrainRate();
  rate.observe(1_000_000, 100);
  assert.equal(rate.retryAfterS(80_000_000, 0), 8);
});

test('the newest range weighs 0.3', () => {
  const rate = new DrainRate();
  rate.observe(10_000, 1);
  rate.observe(20_000, 1);
  assert.equal(rate.retryAfterS(130_000_000, 0), 10);
});

test('a stall is expected to last as long again', () => {
  const rate = new DrainRate();
  rate.observe(1_000_000, 1);
  assert.equal(rate.retryAfterS(1, 12_000), 12);
});

test('the hint stays between 1 s and 30 s', () => {
  const rate = new DrainRate();
  assert.equal(rate.retryAfterS(64_000_000, 0), 1, 'nothing has been stored yet');
  rate.observe(0, 0);
  assert.equal(rate.retryAfterS(64_000_000, 0), 30);
  assert.equal(rate.retryAfterS(0, 0), 1);
});
