import assert from 'node:assert/strict';
import test from 'node:test';

import { observe } from '../observed.js';

const CHANNEL = 'agent-3';
const SINCE = 180;
const struck = { channel: CHANNEL, since: SINCE };
const FLEET = { channels: 4, commandIntervalMs: 10_000 };

test('frame-malformed: each command arrives and fails to decode, others decode', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'frame-malformed' }] });
  const failed = observed.frames('receive', { ...struck, end: 'agent', outcome: 'error' });
  assert.ok(failed.length > 20);
  for (const { attributes } of failed) {
    assert.equal(attributes['frame.kind'], 'command');
    assert.equal(attributes['frame.drop_reason'], 'decode');
  }
  assert.ok(observed.frames('receive', { ...struck, end: 'agent', kind: 'ping', outcome: 'ok' }).length > 20);
  assert.equal(observed.last('channel.rx.decode_errors', 'agent', { channel: CHANNEL }), failed.length);
});

test('stream-desync: nothing decodes any more, and what arrives has neither id nor kind', () => {
  const observed = observe({ ...FLEET, durationMs: 260_000, faults: [{ name: 'stream-desync' }] });
  const arrivals = observed.frames('receive', { ...struck, since: SINCE + 0.1, end: 'agent' });
  assert.ok(arrivals.length > 5);
  for (const { attributes } of arrivals) {
    assert.equal(attributes['frame.outcome'], 'error');
    assert.equal('frame.id' in attributes || 'frame.kind' in attributes, false);
  }
  assert.ok(Number(observed.last('channel.rx.decode_errors', 'agent', struck)) > 5);
});
