import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ByteBudget } from '../src/budget.js';

test('leases hold together what the budget allows, and give it back', () => {
  const budget = new ByteBudget(10);
  const [a, b] = [budget.lease(), budget.lease()];
  assert.equal(a.hold(6), true);
  assert.equal(b.hold(5), false);
  assert.equal(b.hold(4), true);
  assert.equal(a.hold(7), false);
  assert.equal(budget.bytesHeld, 10);
  assert.equal(a.hold(0), true);
  assert.equal(b.hold(10), true);
  assert.equal(b.hold(0), true);
  assert.equal(budget.bytesHeld, 0);
});

test('whatever is held and refused, the budget is the sum of its leases and never above its bound', () => {
  const steps = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 60 })));
  fc.assert(
    fc.property(steps, (asked) => {
      const budget = new ByteBudget(100);
      const leases = Array.from({ length: 4 }, () => ({ lease: budget.lease(), bytes: 0 }));
      for (const [index, bytes] of asked) {
        const holder = leases[index]!;
        if (holder.lease.hold(bytes)) holder.bytes = bytes;
        assert.equal(
          budget.bytesHeld,
          leases.reduce((sum, each) => sum + each.bytes, 0),
        );
        assert.ok(budget.bytesHeld <= 100);
      }
    }),
  );
});
