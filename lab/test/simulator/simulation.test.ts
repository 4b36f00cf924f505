import assert from 'node:assert/strict';
import test from 'node:test';

import { BENIGN, FAULTS, type FaultName, type BenignName, simulate } from '../../src/index.js';
import { observe } from './observed.js';

const SHORT = { channels: 5, durationMs: 300_000 };

function text(scenario: Parameters<typeof simulate>[0]): string {
  return [...simulate(scenario).exports()].map(({ request }) => JSON.stringify(request)).join('\n');
}

test('the same seed gives the same bytes, another seed others', () => {
  const scenario = { ...SHORT, seed: 7, faults: [{ name: 'frames-lost', fraction: 0.5 }] } as const;
  assert.equal(text(scenario), text(scenario));
  assert.notEqual(text(scenario), text({ ...scenario, seed: 8 }));
});

test('exports() may be called again and tells the same', () => {
  const simulation = simulate(SHORT);
  assert.deepEqual([...simulation.exports()], [...simulation.exports()]);
});

test('a fault on one channel changes nothing that is told of the others', () => {
  const others = (faults: readonly { name: FaultName }[]): string[] =>
    observe({ ...SHORT, faults })
      .spans.filter(({ attributes }) => attributes['channel.id'] !== 'agent-3')
      .map(({ raw }) => JSON.stringify(raw))
      .sort();
  const healthy = others([]);
  for (const name of ['handler-dead', 'stale-route', 'agent-killed', 'heartbeat-not-started'] as const) {
    assert.deepEqual(others([{ name }]), healthy, name);
  }
});

test('a span is exported at its end or later, and requests leave in order', () => {
  const { startMs } = simulate(SHORT).scenario;
  let lastMs = startMs;
  for (const { atMs, request } of simulate(SHORT).exports()) {
    assert.ok(atMs >= lastMs);
    lastMs = atMs;
    for (const span of request.resourceSpans[0]?.scopeSpans[0]?.spans ?? []) {
      assert.ok(Number(BigInt(span.endTimeUnixNano) / 1000n) <= atMs * 1000);
    }
  }
});

test('the truth names channel, fault, cause and onset; what is benign is not in it', () => {
  const { truth, scenario } = simulate({
    ...SHORT,
    faults: [{ name: 'agent-killed' }, { name: 'site-path-loss', atMs: 60_000, untilMs: 120_000 }],
    benign: [{ name: 'deploy' }],
  });
  const { startMs } = scenario;
  const lossy = { fault: 'site-path-loss', cause: 'site-path-loss' };
  assert.deepEqual(truth, [
    {
      channel: 'agent-3',
      fault: 'agent-killed',
      cause: 'agent-not-running',
      onsetMs: startMs + 180_000,
      endMs: undefined,
    },
    { channel: 'agent-1', ...lossy, onsetMs: startMs + 60_000, endMs: startMs + 120_000 },
    { channel: 'agent-3', ...lossy, onsetMs: startMs + 60_000, endMs: startMs + 120_000 },
  ]);
});

test('only the chosen ends speak, and without frame spans only states and lives are told', () => {
  const server = observe({ ...SHORT, observers: ['server'], frameSpans: false });
  assert.deepEqual(new Set(server.spans.map(({ service }) => service)), new Set(['control-server']));
  assert.deepEqual(
    new Set(server.spans.map(({ name }) => name)),
    new Set(['channel.expected', 'channel.connect', 'channel.state', 'listener.state']),
  );
});

test('everything can be simulated with its defaults on a stream transport as well', () => {
  const scenario = { ...SHORT, transport: 'virtio-serial' } as const;
  for (const name of Object.keys(FAULTS) as FaultName[]) {
    assert.ok(observe({ ...scenario, faults: [{ name }] }).spans.length > 0, name);
  }
  for (const name of Object.keys(BENIGN) as BenignName[]) {
    assert.ok(observe({ ...scenario, benign: [{ name }] }).spans.length > 0, name);
  }
});
