import assert from 'node:assert/strict';
import test from 'node:test';

import { observe } from '../observed.js';

const CHANNEL = 'agent-3';
const SINCE = 180;
const struck = { channel: CHANNEL, since: SINCE };
const FLEET = { channels: 4, commandIntervalMs: 10_000 };

test('frames-lost: writes complete and do not arrive, control frames do', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'frames-lost' }] });
  assert.ok(
    observed.frames('socket_write', { ...struck, end: 'server', kind: 'command', outcome: 'ok' }).length > 20,
  );
  assert.equal(
    observed.frames('receive', { ...struck, since: SINCE + 0.1, end: 'agent', kind: 'command' }).length,
    0,
  );
  assert.ok(observed.frames('receive', { ...struck, end: 'agent', kind: 'ping' }).length > 20);
  assert.equal(observed.named('channel.close', struck).length, 0);
});

test('frames-lost, a fraction of one kind to the server: some arrive', () => {
  const fault = { name: 'frames-lost', direction: 'to_server', kind: 'ack', fraction: 0.5 } as const;
  const observed = observe({ ...FLEET, faults: [fault] });
  const written = observed.frames('socket_write', { ...struck, end: 'agent', kind: 'ack' }).length;
  const received = observed.frames('receive', { ...struck, end: 'server', kind: 'ack' }).length;
  assert.ok(received > 0 && received < written, `${received} of ${written}`);
  assert.ok(observed.frames('receive', { ...struck, end: 'server', kind: 'result' }).length > 20);
});

test("frames-lost behind the relay passes the relay's tap, before it does not", () => {
  for (const [variant, passes] of [
    ['before', false],
    ['behind', true],
  ] as const) {
    const observed = observe({
      ...FLEET,
      observers: ['agent', 'server', 'relay'],
      faults: [{ name: 'frames-lost', variant }],
    });
    const seen = observed.frames('receive', {
      ...struck,
      since: SINCE + 0.1,
      end: 'relay',
      kind: 'command',
    }).length;
    assert.equal(seen > 0, passes, variant);
    assert.equal(
      observed.frames('receive', { ...struck, since: SINCE + 0.1, end: 'agent', kind: 'command' }).length,
      0,
    );
  }
});

test('site-path-loss: the same on all channels of one site, on none of the others', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'site-path-loss' }] });
  for (const [channel, lossy] of [
    ['agent-0', false],
    ['agent-1', true],
    ['agent-2', false],
    ['agent-3', true],
  ] as const) {
    const received = observed.frames('receive', {
      channel,
      since: SINCE + 0.1,
      end: 'agent',
      kind: 'command',
    });
    assert.equal(received.length === 0, lossy, channel);
  }
});

test('network-partition: nothing arrives, both ends close by their limits, attempts time out until it heals', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'network-partition', untilMs: 400_000 }] });
  const within = observed.frames('receive', { ...struck, since: SINCE + 0.1 }).filter(({ end }) => end < 400);
  assert.equal(within.length, 0);
  const closes = observed.named('channel.close', struck);
  assert.deepEqual(
    new Set(
      closes.map(({ attributes }) => `${attributes['channel.end']} ${attributes['channel.close.initiator']}`),
    ),
    new Set(['agent self', 'server self']),
  );
  const attempts = observed.named('channel.connect', { ...struck, end: 'agent' });
  const outcomes = attempts.map(({ attributes }) => attributes['channel.connect.outcome']);
  assert.ok(outcomes.slice(0, -1).every((outcome) => outcome === 'timeout'));
  assert.equal(outcomes.at(-1), 'ok');
});

test('network-partition, blocking: a bridge that carries nothing lets the writes of both ends block', () => {
  const observed = observe({
    ...FLEET,
    transport: 'virtio-serial',
    faults: [{ name: 'network-partition', variant: 'blocking' }],
  });
  for (const end of ['agent', 'server']) {
    const later = { ...struck, since: SINCE + 6, end };
    assert.equal(observed.frames('socket_write', { ...later, outcome: 'ok' }).length, 0);
    assert.ok(observed.frames('socket_write', { ...later, outcome: 'pending' }).length > 5);
  }
});

test('stale-route: the server writes into the old connection, heartbeats arrive on the new one', () => {
  const observed = observe({ ...FLEET, durationMs: 260_000, faults: [{ name: 'stale-route' }] });
  const connections = (stage: 'socket_write' | 'receive', kind: string): Set<unknown> =>
    new Set(
      observed
        .frames(stage, { ...struck, since: SINCE + 2, end: 'server', kind })
        .map(({ attributes }) => attributes['channel.connection.id']),
    );
  assert.deepEqual(connections('socket_write', 'command'), new Set(['agent-3-c1']));
  assert.deepEqual(connections('socket_write', 'ping'), new Set(['agent-3-c1']));
  assert.deepEqual(connections('receive', 'heartbeat'), new Set(['agent-3-c2']));
  assert.equal(observed.frames('receive', { ...struck, since: SINCE + 2, end: 'agent' }).length, 0);
  const reported = observed.states('server', { ...struck, since: SINCE + 20 });
  assert.deepEqual(
    new Set(reported.map(({ attributes }) => attributes['channel.connection.id'])),
    new Set(['agent-3-c1', 'agent-3-c2']),
  );
});

test('idle-timeout: the transport closes again and again, at near equal lifetimes that are no configured limit', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'idle-timeout' }] });
  const closes = observed.named('channel.close', { ...struck, end: 'agent' });
  assert.ok(closes.length >= 5);
  for (const { attributes } of closes.slice(1)) {
    assert.equal(attributes['channel.close.initiator'], 'transport');
    assert.ok(Math.abs(Number(attributes['channel.lifetime_ms']) - 60_000) < 100);
  }
});
