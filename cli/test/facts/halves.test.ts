import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { record, simulate, type Scenario } from '@halfopen/lab';
import { explain } from '@halfopen/rules';
import type { Fact } from '@halfopen/telemetry';
import { allMisstated } from './shown.js';
import { opened } from './stored.js';

const CHANNEL = 'agent-1';

/** What is told of the channel at 300 s, once every fact's query has been held against its statement. */
async function toldOf(t: TestContext, scenario: Partial<Scenario>): Promise<ReadonlyMap<string, Fact>> {
  const { store, people, folder, load } = await opened(t);
  const simulation = simulate({ seed: 1, channels: 3, durationMs: 310_000, ...scenario });
  const file = join(folder, 'recording.jsonl.gz');
  await record(simulation, file);
  await load(file);
  const { facts } = await explain(store, CHANNEL, simulation.scenario.startMs + 300_000);
  assert.equal(await allMisstated(people, facts), '');
  return new Map(facts.map((fact) => [fact.id, fact]));
}

const RELAYED = { observers: ['relay', 'server'] } as const;

test('commands that are lost before the relay: its tap says so', async (t) => {
  const told = await toldOf(t, { ...RELAYED, faults: [{ name: 'frames-lost', channels: [CHANNEL] }] });
  assert.equal(told.get('commands-lost-before-relay')?.observed, true);
  assert.notEqual(told.get('acks-missing-at-relay')?.observed, true);
});

test('commands that pass the relay and are never acknowledged: its tap says that too', async (t) => {
  const told = await toldOf(t, {
    ...RELAYED,
    faults: [{ name: 'frames-lost', variant: 'behind', channels: [CHANNEL] }],
  });
  assert.equal(told.get('commands-lost-before-relay')?.observed, false);
  assert.equal(told.get('acks-missing-at-relay')?.observed, true);
});

test('acknowledgements and heartbeats that die between the relay and the server', async (t) => {
  const told = await toldOf(t, {
    ...RELAYED,
    heartbeatTimeoutMs: 600_000, // nobody closes meanwhile
    faults: [
      { name: 'frames-lost', direction: 'to_server', variant: 'behind', channels: [CHANNEL], atMs: 120_000 },
    ],
  });
  assert.equal(told.get('acks-lost-behind-relay')?.observed, true);
  assert.equal(told.get('heartbeats-lost-behind-relay')?.observed, true);
});

test('nothing reaches the agent, control frames neither, while both ends go on', async (t) => {
  const told = await toldOf(t, {
    heartbeatTimeoutMs: 600_000,
    faults: [{ name: 'frames-lost', kind: 'all', channels: [CHANNEL] }],
  });
  assert.equal(told.get('control-to-agent-lost')?.observed, true);
  assert.equal(told.get('commands-lost')?.observed, true);
});

test('no agent of a server is connected, and none tells of itself', async (t) => {
  const told = await toldOf(t, {
    observers: ['server'],
    faults: [{ name: 'proxy-misroute', atMs: 120_000 }],
  });
  assert.equal(told.get('others-unconnected')?.observed, true);
  assert.ok(!told.has('agent-silent') && !told.has('no-useful-attempt'), 'their silence means nothing');
});

for (const forMs of [30_000, -30_000, 0])
  test(`an agent's clock that is ${forMs} ms ahead is measured from frames both ways`, async (t) => {
    const told = await toldOf(t, { benign: [{ name: 'clock-skew', forMs }] });
    const fact = told.get('clocks-apart');
    assert.ok(fact !== undefined);
    assert.equal(fact.observed, forMs !== 0);
    const [, ahead_ms, way, bound_ms] =
      /clock is (\d+) ms (ahead of|behind) the server's, give or take (\d+) ms/.exec(fact.statement) ?? [];
    const estimate_ms = Number(ahead_ms) * (way === 'behind' ? -1 : 1);
    assert.ok(Math.abs(estimate_ms - forMs) <= Number(bound_ms) + 1, fact.statement);
    assert.ok(Number(bound_ms) < 1_000, fact.statement);
  });
