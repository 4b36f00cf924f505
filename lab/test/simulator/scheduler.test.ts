import assert from 'node:assert/strict';
import test from 'node:test';

import fc from 'fast-check';

import { Scheduler } from '../../src/simulator/scheduler.js';

test('events happen in the order of their times, those of one instant in the order of their scheduling', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), (times) => {
      const scheduler = new Scheduler();
      const happened: [number, number][] = [];
      times.forEach((time, index) => {
        scheduler.at(time, () => {
          assert.equal(scheduler.nowUs, time);
          happened.push([time, index]);
        });
      });
      while (scheduler.step(1000));
      assert.deepEqual(
        happened,
        times.map((time, index) => [time, index] as [number, number]).sort((a, b) => a[0] - b[0]),
      );
    }),
  );
});

test('what is scheduled for the past happens now, what is due at the end does not happen', () => {
  const scheduler = new Scheduler();
  const happened: string[] = [];
  scheduler.at(10, () => {
    scheduler.at(3, () => happened.push(`past at ${scheduler.nowUs}`));
    scheduler.after(5, () => happened.push(`later at ${scheduler.nowUs}`));
    scheduler.at(20, () => happened.push('end'));
  });
  while (scheduler.step(20));
  assert.deepEqual(happened, ['past at 10', 'later at 15']);
  assert.equal(scheduler.nowUs, 20);
});
