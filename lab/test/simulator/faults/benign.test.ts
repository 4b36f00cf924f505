import assert from 'node:assert/strict';
import test from 'node:test';

import { observe } from '../observed.js';

const CHANNEL = 'agent-3';
const FLEET = { channels: 4 };

test('long-command: one execution is pending for minutes while everything else flows, and ends', () => {
  const observed = observe({ ...FLEET, benign: [{ name: 'long-command' }] });
  assert.ok(observed.frames('execute', { channel: CHANNEL, outcome: 'pending' }).length > 5);
  const long = observed.frames('execute', { channel: CHANNEL, outcome: 'ok', kind: 'command' });
  assert.ok(long.some(({ start, end }) => Math.abs(end - start - 300) < 0.001));
  assert.ok(observed.frames('ack', { channel: CHANNEL, since: 180, end: 'server' }).length > 10);
  assert.equal(observed.named('channel.close').length, 0);
});

test('idle: no commands, heartbeats and pongs flow', () => {
  const observed = observe({ ...FLEET, benign: [{ name: 'idle' }] });
  assert.equal(observed.frames('enqueue', { kind: 'command' }).length, 0);
  assert.ok(observed.frames('receive', { end: 'server', kind: 'heartbeat' }).length > 80);
});

test('load: many commands, all executed', () => {
  const observed = observe({ ...FLEET, durationMs: 60_000, benign: [{ name: 'load' }] });
  assert.ok(observed.frames('execute', { channel: CHANNEL, kind: 'command', outcome: 'ok' }).length > 50);
});

test('deploy: all close with 1012 and are back within a minute, at another instance of the server', () => {
  const observed = observe({ ...FLEET, benign: [{ name: 'deploy' }] });
  for (const channel of ['agent-0', 'agent-1', 'agent-2', 'agent-3']) {
    const closes = observed.named('channel.close', { channel });
    assert.deepEqual(
      closes.map(({ attributes }) => attributes['channel.close.code']),
      [1012, 1012],
    );
    const back = observed
      .named('channel.connect', { channel, end: 'server', since: 180 })
      .find(({ attributes }) => attributes['channel.connect.outcome'] === 'ok');
    assert.ok(back !== undefined && back.end < 200);
    assert.equal(back.instance, 'server-2');
  }
  assert.ok(observed.named('channel.expected').some(({ instance }) => instance === 'server-2'));
});

test('agent-removed: a clean close, then silence, and absence from later sweeps', () => {
  const observed = observe({ ...FLEET, benign: [{ name: 'agent-removed' }] });
  const [close] = observed.named('channel.close', { channel: CHANNEL, end: 'agent' });
  assert.equal(close?.attributes['channel.close.code'], 1000);
  const later = observed.spans.filter(
    ({ attributes, end }) => attributes['channel.id'] === CHANNEL && end > 180.1,
  );
  assert.deepEqual(later, []);
});

test("clock-skew: one end's clock is 30 s ahead, its ages and counters are as ever", () => {
  const skewed = observe({ ...FLEET, benign: [{ name: 'clock-skew' }] }).states('agent');
  const straight = observe(FLEET).states('agent');
  assert.equal(skewed.length, straight.length);
  skewed.forEach((state, index) => {
    assert.deepEqual(state.attributes, straight[index]?.attributes);
    assert.ok(Math.abs(state.end - (straight[index]?.end ?? 0) - 30) < 1e-6);
  });
});

test("exporter-down: one end's spans of an interval are missing, the other end's are not", () => {
  const observed = observe({ ...FLEET, benign: [{ name: 'exporter-down' }] });
  const down = (end: string): number =>
    observed.states(end, { channel: CHANNEL, since: 180 }).filter((state) => state.end < 418).length;
  assert.equal(down('agent'), 0);
  assert.ok(down('server') > 20);
  assert.ok(observed.states('agent', { channel: CHANNEL, since: 422 }).length > 20);
});

test('spans-lost: a fifth of the spans is missing, of the states as well', () => {
  const lossy = observe({ ...FLEET, benign: [{ name: 'spans-lost' }] });
  const whole = observe(FLEET);
  for (const name of ['channel.state', 'frame.receive']) {
    const share = lossy.named(name).length / whole.named(name).length;
    assert.ok(share > 0.74 && share < 0.86, `${name}: ${share}`);
  }
});

test('slow-path: frames arrive seconds later, all of them', () => {
  const untilMs = 400_000;
  const observed = observe({ ...FLEET, benign: [{ name: 'slow-path', channels: [CHANNEL], untilMs }] });
  const took = (since: number, until: number): number[] => {
    const arrived = new Map(
      observed
        .frames('receive', { channel: CHANNEL, since })
        .map((span) => [span.attributes['frame.id'], span.end]),
    );
    return observed
      .frames('socket_write', { channel: CHANNEL, since, kind: 'command' })
      .filter(({ end }) => end < until)
      .map(({ attributes, end }) => (arrived.get(attributes['frame.id'] ?? '') ?? NaN) - end);
  };
  const slow = took(181, 390);
  assert.ok(slow.length > 5 && slow.every((seconds) => seconds > 2 && seconds < 2.1), slow.join());
  assert.ok(took(410, 700).every((seconds) => seconds < 0.1));
});
