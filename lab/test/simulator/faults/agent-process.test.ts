import assert from 'node:assert/strict';
import test from 'node:test';

import { observe } from '../observed.js';

const CHANNEL = 'agent-3';
const FLEET = { channels: 4, durationMs: 400_000 };

test('agent-not-running: expected, and not a word from it', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'agent-not-running' }] });
  assert.deepEqual(
    new Set(
      observed.spans.filter(({ attributes }) => attributes['channel.id'] === CHANNEL).map(({ name }) => name),
    ),
    new Set(['channel.expected']),
  );
});

test('agent-misconfigured: its telemetry is alive, it makes no attempt, or attempts at an impossible address', () => {
  const silent = observe({ ...FLEET, faults: [{ name: 'agent-misconfigured' }] });
  assert.ok(silent.states('agent', { channel: CHANNEL }).length > 30);
  assert.equal(silent.named('channel.connect', { channel: CHANNEL }).length, 0);

  const address = '${BACKEND_URL}';
  const dialling = observe({ ...FLEET, faults: [{ name: 'agent-misconfigured', address }] });
  const attempts = dialling.named('channel.connect', { channel: CHANNEL });
  assert.ok(attempts.length > 5);
  for (const { attributes } of attempts) {
    assert.equal(attributes['server.address'], address);
    assert.equal(attributes['channel.connect.phase'], 'dns');
    assert.equal(attributes['error.type'], 'ENOTFOUND');
  }
});

test('agent-killed: its telemetry ends at once, the server sees the transport break; started again, it is back', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'agent-killed', atMs: 100_000, untilMs: 250_000 }] });
  const ofAgent = observed.spans.filter(({ instance }) => instance === CHANNEL).map(({ end }) => end);
  assert.equal(ofAgent.filter((end) => end > 100 && end < 250).length, 0);
  assert.ok(ofAgent.some((end) => end > 390));
  const [close] = observed.named('channel.close', { channel: CHANNEL });
  assert.equal(close?.attributes['channel.end'], 'server');
  assert.equal(close.attributes['channel.close.code'], 1006);
  assert.equal(close.attributes['channel.close.initiator'], 'transport');
  assert.equal(observed.last('channel.connected', 'server', { channel: CHANNEL }), true);
});

test('duplicate-executor: each command is executed twice, by two, or twice by one', () => {
  for (const [variant, executors] of [
    ['two', ['agent-3-exec', 'agent-3-exec-old']],
    ['same', ['agent-3-exec']],
  ] as const) {
    const observed = observe({ ...FLEET, faults: [{ name: 'duplicate-executor', variant }] });
    const since = 185;
    const received = observed.frames('receive', { channel: CHANNEL, since, end: 'agent', kind: 'command' });
    const executed = observed.frames('execute', { channel: CHANNEL, since, end: 'agent', kind: 'command' });
    assert.ok(received.length > 5);
    assert.ok(Math.abs(executed.length - 2 * received.length) <= 2);
    assert.deepEqual(
      new Set(executed.map(({ attributes }) => attributes['frame.executor.id'])),
      new Set(executors),
    );
  }
});
