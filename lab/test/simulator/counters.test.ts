import assert from 'node:assert/strict';
import test from 'node:test';

import { COUNTER_NAMES } from '@halfopen/telemetry';

import { FAULTS, type FaultName, type Scenario } from '../../src/index.js';
import { observe, type Observed, type ObservedSpan } from './observed.js';

const FLEET: Partial<Scenario> = {
  channels: 5,
  durationMs: 300_000,
  observers: ['agent', 'server', 'relay'],
};
const CONTROL = new Set(['ping', 'pong']);

function counterOf(way: 'tx' | 'rx', kind: unknown): string[] {
  const names = [CONTROL.has(String(kind)) ? 'control' : 'frames'];
  if (kind === 'heartbeat') names.push('heartbeats');
  if (kind === 'command') names.push('commands');
  if (kind === 'ack') names.push('acks');
  return names.map((name) => `channel.${way}.${name}`);
}

type Counts = Record<string, number>;

/** What a frame's span, once it has ended, adds to its end's counters. */
function count(counts: Counts, { name, attributes }: ObservedSpan): void {
  const { 'frame.outcome': outcome, 'frame.kind': kind } = attributes;
  const add = (counter: string, by = 1): void => {
    counts[counter] = (counts[counter] ?? 0) + by;
  };
  const addFrame = (way: 'tx' | 'rx'): void => {
    for (const counter of counterOf(way, kind)) add(counter);
    add(`channel.${way}.bytes`, Number(attributes['frame.size']));
  };
  if (name === 'frame.socket_write' && outcome === 'ok') addFrame('tx');
  if (name === 'frame.receive' && outcome === 'error') add('channel.rx.decode_errors');
  if (name === 'frame.receive' && outcome === 'dropped') add('channel.rx.unrouted');
  if (name === 'frame.receive' && outcome !== 'error') addFrame('rx');
  if (name === 'frame.execute' && outcome === 'error') add('channel.handler.errors');
  if (name === 'frame.execute' && outcome === 'ok' && kind === 'command') add('channel.executed');
}

function bySession(spans: readonly ObservedSpan[]): Map<string, ObservedSpan[]> {
  const sessions = new Map<string, ObservedSpan[]>();
  for (const span of spans) {
    const { 'channel.connection.id': connection, 'channel.end': end } = span.attributes;
    if (connection === undefined) continue;
    const session = `${end} ${connection}`;
    const known = sessions.get(session);
    if (known === undefined) sessions.set(session, [span]);
    else known.push(span);
  }
  return sessions;
}

function assertExact(observed: Observed, context: string): void {
  for (const [session, spans] of bySession(observed.spans)) {
    const counts: Counts = {};
    // The order of the export is the order of the ends, and of what happened at one instant.
    for (const span of spans) {
      count(counts, span);
      if (span.name !== 'channel.state') continue;
      for (const name of COUNTER_NAMES) {
        const told = span.attributes[name];
        if (told !== undefined)
          assert.equal(told, counts[name] ?? 0, `${context}: ${session} ${name} at ${span.end}`);
      }
    }
  }
}

test('each state counts exactly what the frame spans of its connection show, whatever happens', () => {
  assertExact(observe(FLEET), 'healthy');
  for (const name of Object.keys(FAULTS) as FaultName[]) {
    assertExact(observe({ ...FLEET, faults: [{ name, atMs: 60_000 }] }), name);
  }
});

test('counters never decrease within a connection', () => {
  const { spans } = observe({ ...FLEET, faults: [{ name: 'reader-dead', atMs: 60_000 }] });
  for (const session of bySession(spans).values()) {
    const states = session.filter(({ name }) => name === 'channel.state').sort((a, b) => a.end - b.end);
    for (const name of COUNTER_NAMES) {
      const counts = states.map(({ attributes }) => Number(attributes[name] ?? 0));
      assert.deepEqual(
        counts,
        counts.toSorted((a, b) => a - b),
      );
    }
  }
});

test('in health, what one end has received the other had written, and in the end all of it arrives', () => {
  const observed = observe(FLEET);
  for (const [direction, sender, receiver] of [
    ['to_agent', 'server', 'agent'],
    ['to_server', 'agent', 'server'],
  ] as const) {
    const key = ({ attributes }: ObservedSpan): string =>
      [attributes['channel.id'], attributes['frame.id'], attributes['frame.seq']].join();
    const going = ({ attributes }: ObservedSpan): boolean => attributes['frame.direction'] === direction;
    const written = new Map(
      observed
        .frames('socket_write', { end: sender })
        .filter(going)
        .map((span) => [key(span), span.end]),
    );
    const received = observed.frames('receive', { end: receiver }).filter(going);
    for (const span of received) assert.ok((written.get(key(span)) ?? Infinity) < span.start);
    const arrived = new Set(received.map(key));
    for (const [id, end] of written) assert.ok(arrived.has(id) || end > 300 - 0.05, `${id} has not arrived`);
  }
});

test('a quiet channel shows equal counts at both ends', () => {
  const observed = observe({
    ...FLEET,
    pingIntervalMs: 1_000_000,
    heartbeatIntervalMs: 1_000_000,
    heartbeatTimeoutMs: 2_000_000,
    benign: [{ name: 'idle', atMs: 300_000 }],
    durationMs: 600_000,
  });
  for (const channel of ['agent-0', 'agent-1', 'agent-2', 'agent-3', 'agent-4']) {
    for (const count of ['frames', 'control', 'bytes', 'heartbeats', 'commands', 'acks']) {
      const tx = (end: string) => observed.last(`channel.tx.${count}`, end, { channel });
      const rx = (end: string) => observed.last(`channel.rx.${count}`, end, { channel });
      assert.equal(rx('agent'), tx('server'), `${channel} ${count}`);
      assert.equal(rx('server'), tx('agent'), `${channel} ${count}`);
    }
    assert.equal(
      observed.last('channel.executed', 'agent', { channel }),
      observed.last('channel.rx.commands', 'agent', { channel }),
    );
  }
});
