import assert from 'node:assert/strict';
import test from 'node:test';

import type { FaultName } from '../../../src/index.js';
import { observe, type Observed } from '../observed.js';

const CHANNEL = 'agent-3';
const SINCE = 180;
const struck = { channel: CHANNEL, since: SINCE };
const FLEET = { channels: 4 };

function assertClosedByMonitor(observed: Observed): void {
  const closes = observed.named('channel.close', { channel: CHANNEL, end: 'server' });
  assert.ok(closes.length >= 3);
  for (const { attributes } of closes) {
    assert.equal(attributes['channel.close.code'], 1005);
    assert.equal(attributes['channel.close.reason'], 'heartbeat timeout');
    assert.equal(attributes['channel.close.initiator'], 'self');
  }
  for (const { attributes } of closes.slice(1)) {
    const lifetimeMs = Number(attributes['channel.lifetime_ms']);
    assert.ok(lifetimeMs > 90_000 && lifetimeMs < 121_000, `lifetime ${lifetimeMs} ms`);
  }
  // What is no heartbeat goes on, and the agent is back after about a second.
  assert.ok(observed.frames('ack', { ...struck, end: 'server' }).length > 10);
  assert.ok(observed.named('channel.connect', { channel: CHANNEL, end: 'agent' }).length > 3);
}

test('heartbeat-not-started: the timer does not run and says so, no heartbeat is ever enqueued', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'heartbeat-not-started' }] });
  assert.equal(observed.frames('enqueue', { channel: CHANNEL, kind: 'heartbeat' }).length, 0);
  assert.equal(observed.last('channel.heartbeat.active', 'agent', { channel: CHANNEL }), false);
  assertClosedByMonitor(observed);
});

test('heartbeat-not-sent: the timer runs, heartbeats are enqueued and not even offered to the writer', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'heartbeat-not-sent' }] });
  assert.ok(observed.frames('enqueue', { ...struck, kind: 'heartbeat', outcome: 'ok' }).length > 10);
  assert.equal(observed.frames('socket_write', { ...struck, kind: 'heartbeat' }).length, 0);
  assert.equal(observed.last('channel.heartbeat.active', 'agent', struck), true);
  const depths = observed
    .states('agent', struck)
    .map(({ attributes }) => Number(attributes['channel.queue.depth'] ?? 0));
  assert.ok(Math.max(...depths) >= 2);
  assertClosedByMonitor(observed);
});

test('heartbeat-not-sent, suppressed: each is dropped as not connected', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'heartbeat-not-sent', variant: 'suppressed' }] });
  const beats = observed.frames('enqueue', { ...struck, kind: 'heartbeat' });
  assert.ok(beats.length > 10);
  assert.ok(beats.every(({ attributes }) => attributes['frame.drop_reason'] === 'not_connected'));
  assertClosedByMonitor(observed);
});

test('heartbeat-unrouted, -handler-error, last-seen-not-recorded: heartbeats arrive, and the record ages', () => {
  const outcomes: [FaultName, received: string, executed: string | undefined][] = [
    ['heartbeat-unrouted', 'dropped', undefined],
    ['heartbeat-handler-error', 'ok', 'error'],
    ['last-seen-not-recorded', 'ok', 'ok'],
  ];
  for (const [name, received, executed] of outcomes) {
    const observed = observe({ ...FLEET, faults: [{ name }] });
    const outcomesOf = (stage: 'receive' | 'execute'): unknown[] =>
      observed
        .frames(stage, { ...struck, end: 'server', kind: 'heartbeat' })
        .map(({ attributes }) => attributes['frame.outcome']);
    assert.ok(outcomesOf('receive').length > 10, name);
    assert.deepEqual(new Set(outcomesOf('receive')), new Set([received]), name);
    assert.deepEqual(new Set(outcomesOf('execute')), new Set(executed === undefined ? [] : [executed]), name);
    const ages = observed
      .states('server', struck)
      .map(({ attributes }) => Number(attributes['channel.last_seen.age_ms']));
    assert.ok(Math.max(...ages) > 90_000, name);
    assertClosedByMonitor(observed);
  }
});
