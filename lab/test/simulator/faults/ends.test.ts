import assert from 'node:assert/strict';
import test from 'node:test';

import { observe } from '../observed.js';

const CHANNEL = 'agent-3';
const SINCE = 180;
const struck = { channel: CHANNEL, since: SINCE };
const FLEET = { channels: 4, commandIntervalMs: 10_000 };

test('handler-dead: commands go on arriving, none is acknowledged or executed, heartbeats and pongs go on', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'handler-dead' }] });
  assert.ok(observed.frames('receive', { ...struck, end: 'agent', kind: 'command' }).length > 20);
  assert.equal(observed.frames('ack', { ...struck, since: SINCE + 1 }).length, 0);
  assert.equal(observed.frames('execute', { ...struck, since: SINCE + 1, kind: 'command' }).length, 0);
  assert.ok(observed.frames('execute', { ...struck, end: 'server', kind: 'heartbeat' }).length > 15);
  assert.ok(observed.frames('receive', { ...struck, end: 'server', kind: 'pong' }).length > 20);
  const executed = observed.states('agent', struck).map(({ attributes }) => attributes['channel.executed']);
  assert.equal(new Set(executed.slice(1)).size, 1);
  assert.equal(observed.last('channel.handler.alive', 'agent', struck), false);
});

test('handler-dead, not honest, at the server: heartbeats arrive, none is executed, the agent is closed', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'handler-dead', end: 'server', honest: false }] });
  assert.ok(observed.frames('receive', { ...struck, end: 'server', kind: 'heartbeat' }).length > 10);
  assert.equal(observed.frames('execute', { ...struck, end: 'server' }).length, 0);
  assert.equal(observed.last('channel.handler.alive', 'server', struck), true);
  assert.ok(observed.named('channel.close', struck).length > 0);
});

test('handler-stuck: executions begin, are reported pending at 5, 10, 20, 40 s and so on, and never end', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'handler-stuck' }] });
  const pending = observed.frames('execute', { ...struck, kind: 'command', outcome: 'pending' });
  const first = pending.filter(
    ({ attributes }) => attributes['frame.id'] === pending[0]?.attributes['frame.id'],
  );
  assert.deepEqual(
    first.map(({ start, end }) => end - start).map(Math.round),
    [5, 10, 20, 40, 80, 160, 320].slice(0, first.length),
  );
  assert.ok(first.length >= 6);
  assert.equal(
    observed.frames('execute', { ...struck, since: SINCE + 1, kind: 'command', outcome: 'ok' }).length,
    0,
  );
  assert.ok(observed.frames('ack', { ...struck, end: 'agent' }).length > 20);
  assert.ok(Number(observed.last('channel.executing', 'agent', struck)) > 20);
});

test('handler-stuck, serial: one execution hangs and keeps all later commands from beginning', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'handler-stuck', variant: 'serial' }] });
  const pending = observed.frames('execute', { ...struck, outcome: 'pending' });
  assert.equal(new Set(pending.map(({ attributes }) => attributes['frame.id'])).size, 1);
  assert.equal(observed.last('channel.executing', 'agent', struck), 1);
});

test('handler-stuck ends when it is mended: what hung ends, and what comes later as ever', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'handler-stuck', untilMs: 300_000 }] });
  assert.equal(observed.last('channel.executing', 'agent', { channel: CHANNEL, since: 310 }), 0);
  assert.equal(
    observed.last('channel.executed', 'agent', { channel: CHANNEL }),
    observed.last('channel.rx.commands', 'agent', { channel: CHANNEL }),
  );
});

test("reader-dead: writes towards it complete, nothing is received there, the peer's writes block after 5 s", () => {
  const observed = observe({ ...FLEET, durationMs: 260_000, faults: [{ name: 'reader-dead' }] });
  assert.ok(
    observed.frames('socket_write', { ...struck, end: 'server', kind: 'command', outcome: 'ok' }).length > 5,
  );
  assert.equal(observed.frames('receive', { ...struck, since: SINCE + 0.1, end: 'server' }).length, 0);
  const later = { ...struck, since: SINCE + 6, end: 'agent' };
  assert.equal(observed.frames('socket_write', { ...later, outcome: 'ok' }).length, 0);
  assert.ok(observed.frames('socket_write', { ...later, outcome: 'pending' }).length > 10);
  assert.equal(observed.last('channel.reader.alive', 'server', struck), false);
  assert.equal(observed.last('channel.connected', 'server', struck), true);
  assert.ok(Number(observed.last('channel.queue.depth', 'agent', struck)) > 5);
});

test('reader-dead at the agent, not honest: it claims to read', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'reader-dead', end: 'agent', honest: false }] });
  assert.equal(observed.frames('receive', { ...struck, since: SINCE + 0.1, end: 'agent' }).length, 0);
  const connected = observed
    .states('agent', struck)
    .filter(({ attributes }) => attributes['channel.connected'] === true);
  assert.ok(connected.every(({ attributes }) => attributes['channel.reader.alive'] === true));
  assert.ok(
    observed.frames('socket_write', { ...struck, end: 'server', kind: 'ping', outcome: 'pending' }).length >
      0,
  );
});

test('reader-dead, mended: what had waited is read, and what had blocked is written', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'reader-dead', untilMs: 220_000 }] });
  assert.equal(observed.named('channel.close', struck).length, 0);
  assert.equal(observed.last('channel.queue.depth', 'agent', struck), 0);
  assert.ok(observed.frames('receive', { ...struck, end: 'server', kind: 'ack' }).length > 10);
});

test('writer-stalled: text is enqueued and its writes stay pending, pings pass', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'writer-stalled' }] });
  const writes = { ...struck, end: 'server', kind: 'command' };
  assert.ok(observed.frames('enqueue', writes).length > 20);
  assert.equal(observed.frames('socket_write', { ...writes, outcome: 'ok' }).length, 0);
  assert.ok(observed.frames('socket_write', { ...writes, outcome: 'pending' }).length > 20);
  assert.ok(observed.frames('receive', { ...struck, end: 'server', kind: 'pong' }).length > 20);
  assert.ok(Number(observed.last('channel.queue.oldest_ms', 'server', struck)) > 300_000);
});

test('event-loop-blocked: the process is silent, then reports the lag and does all that had waited', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'event-loop-blocked' }] });
  const states = observed.states('agent', { channel: CHANNEL, since: SINCE + 1 });
  assert.ok(states.every(({ attributes }) => Number(attributes['process.event_loop.lag_ms']) > 50_000));
  assert.ok(states.length < 12);
  const beats = observed.frames('enqueue', { ...struck, kind: 'heartbeat' }).map(({ end }) => end);
  const gaps = beats.slice(1).map((beat, index) => beat - (beats[index] ?? 0));
  // Two may meet in the second in which the loop turns.
  assert.ok(gaps.every((gap) => gap > 65 || gap < 1) && gaps.filter((gap) => gap > 65).length >= 5);
  assert.ok(observed.frames('receive', { ...struck, end: 'server', kind: 'pong' }).length > 10);
});

test('server-loop-blocked: the server is silent about all channels at once, and late with all that it answers', () => {
  const observed = observe({ ...FLEET, faults: [{ name: 'server-loop-blocked' }] });
  const silent = observed.spans.filter(
    ({ service, end }) => service === 'control-server' && end > 181 && end < 254,
  );
  assert.deepEqual(silent, []);
  assert.ok(Number(observed.last('process.event_loop.lag_ms', 'server')) > 10_000);
  for (const channel of ['agent-0', 'agent-3']) {
    assert.ok(
      observed.frames('socket_write', { channel, since: SINCE, end: 'agent', kind: 'heartbeat' }).length > 10,
    );
    assert.ok(
      observed.frames('execute', { channel, since: SINCE, end: 'server', kind: 'heartbeat' }).length > 10,
    );
  }
});
