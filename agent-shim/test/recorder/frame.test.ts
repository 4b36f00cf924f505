import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { acknowledged, isControl, sampled, type Frame } from '../../src/recorder/frame.js';

const command: Frame = { id: 'c1', direction: 'to_agent', type: 'text', kind: 'command', size: 10 };

test('an ack is about a frame of the other direction, and nothing else is', () => {
  const ack: Frame = { ...command, id: 'a1', direction: 'to_server', kind: 'ack', replyTo: 'c1' };
  assert.equal(acknowledged(ack)?.id, 'c1');
  assert.equal(acknowledged(ack)?.direction, 'to_agent');
  assert.equal(acknowledged({ ...ack, direction: 'to_agent' })?.direction, 'to_server');
  assert.equal(acknowledged({ ...ack, kind: 'result' }), undefined);
  assert.equal(acknowledged({ ...ack, replyTo: undefined }), undefined);
});

test('pings and pongs are control, whatever the wire calls them', () => {
  assert.equal(isControl(command), false);
  assert.equal(isControl({ ...command, kind: 'ping' }), true);
  assert.equal(isControl({ ...command, kind: undefined, type: 'pong' }), true);
});

test('one in so many frames is chosen, whatever the ids look like', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), fc.integer({ min: 2, max: 20 }), (prefix, rate) => {
      let chosen = 0;
      for (let n = 0; n < 4_000; n++) if (sampled(`${prefix}${n}`, rate)) chosen++;
      assert.ok(
        Math.abs(chosen - 4_000 / rate) < 5 * Math.sqrt(4_000 / rate),
        `${chosen} of 4000 at ${rate}`,
      );
    }),
  );
  assert.equal(sampled('any', 1), true);
});
