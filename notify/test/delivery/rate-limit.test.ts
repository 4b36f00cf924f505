import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { RateLimiter } from '../../src/delivery/rate-limit.js';
import { JumpingClock } from '../clock.js';

const NEVER = new AbortController().signal;

test('in any minute no more than a full bucket and its refill', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 }), async (pauses_ms) => {
      const clock = new JumpingClock(0);
      const limiter = new RateLimiter({ burst: 20, perMinute: 100 }, clock);
      const calls_ms: number[] = [];
      for (const pause_ms of pauses_ms) {
        // Eager callers, with a pause now and then.
        if (pause_ms > 15_000) await clock.sleep(pause_ms, NEVER);
        await limiter.take(NEVER);
        calls_ms.push(clock.elapsed());
      }
      for (const [index, at_ms] of calls_ms.entries()) {
        const within = calls_ms.slice(index).filter((other_ms) => other_ms < at_ms + 60_000);
        assert.ok(within.length <= 120, `${within.length} calls within a minute`);
      }
    }),
    { numRuns: 30 },
  );
});

test('two who share it wait for each other', async () => {
  const clock = new JumpingClock(0);
  const limiter = new RateLimiter({ burst: 1, perMinute: 60 }, clock);
  await Promise.all([limiter.take(NEVER), limiter.take(NEVER), limiter.take(NEVER)]);
  assert.deepEqual(
    clock.slept_ms,
    [1000, 1000],
    'the second sleeps a second from then, as does who comes after',
  );
});
