import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Watermark } from '../../src/kafka/watermark.js';

const at = (...offsets: number[]) => new Map(offsets.map((offset, partition) => [partition, BigInt(offset)]));

test('nothing is known before every partition has come as far as it was at the first look', () => {
  const watermark = new Watermark();
  assert.equal(watermark.storedUntil_ms(), undefined);
  watermark.note(1_000, at(10, 20), at(10, 5));
  assert.equal(watermark.storedUntil_ms(), undefined);
  watermark.note(2_000, at(15, 30), at(15, 19));
  assert.equal(watermark.storedUntil_ms(), undefined);
  watermark.note(3_000, at(15, 40), at(15, 20));
  assert.equal(watermark.storedUntil_ms(), 1_000, 'the second one stands where it was at the first look');
});

test('it follows the present where all is stored, and stands where one partition does', () => {
  const watermark = new Watermark();
  for (const now of [1_000, 2_000, 3_000]) {
    watermark.note(now, at(7, 7), at(7, 7));
    assert.equal(watermark.storedUntil_ms(), now);
  }
  watermark.note(4_000, at(9, 8), at(9, 7));
  watermark.note(5_000, at(9, 9), at(9, 7));
  assert.equal(watermark.storedUntil_ms(), 3_000);
  watermark.note(6_000, at(9, 9), at(9, 8));
  assert.equal(watermark.storedUntil_ms(), 4_000);
});

test('a partition that is new holds it back until it has been stored; one that is gone does not', () => {
  const watermark = new Watermark();
  watermark.note(1_000, at(1), at(1));
  watermark.note(2_000, at(1, 1), at(1));
  assert.equal(watermark.storedUntil_ms(), undefined);
  watermark.note(3_000, at(1), at(1));
  assert.equal(watermark.storedUntil_ms(), 3_000);
});

test('whatever is published and stored when: what is older than the watermark is stored', () => {
  const step = fc.record({ published: fc.nat(4), stored: fc.nat(4), partition: fc.nat(2) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const watermark = new Watermark();
      const appended: number[][] = [[], [], []];
      const committed = [0, 0, 0];
      steps.forEach(({ published, stored, partition }, index) => {
        const now = index * 10;
        const messages = appended[partition] ?? [];
        for (let n = 0; n < published; n++) messages.push(now - 5);
        committed[partition] = Math.min(messages.length, (committed[partition] ?? 0) + stored);
        watermark.note(now, at(...appended.map(({ length }) => length)), at(...committed));
        const until = watermark.storedUntil_ms();
        if (until === undefined) return;
        const waiting = appended.flatMap((times, one) => times.slice(committed[one]));
        for (const time of waiting)
          assert.ok(time >= until, `published at ${time}, not stored, and the watermark says ${until}`);
        if (waiting.length === 0) assert.equal(until, now);
      });
    }),
  );
});

test('a long way behind costs a bound of memory, and nothing but precision', () => {
  const watermark = new Watermark();
  for (let n = 0; n < 100_000; n++) watermark.note(n, at(n + 1), at(0));
  watermark.note(100_000, at(100_001), at(50_000));
  const until = watermark.storedUntil_ms() ?? 0;
  assert.ok(until <= 49_999 && until > 45_000, `${until}: the mark of that offset or one not much older`);
});
