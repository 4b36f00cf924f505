import assert from 'node:assert/strict';
import test from 'node:test';

import { type FaultName, type Scenario, ScenarioError, simulate } from '../../src/index.js';

function refuses(scenario: Partial<Scenario>, message: RegExp): void {
  assert.throws(
    () => simulate(scenario),
    (error) => error instanceof ScenarioError && message.test(error.message),
  );
}

test('a scenario that makes no sense is refused with the key and what would be right', () => {
  refuses({ channels: 0 }, /^channels: expected a positive integer, got 0/);
  refuses({ channels: 1e9 }, /^channels: expected at most 100000/);
  refuses({ durationMs: NaN }, /^durationMs: expected a positive integer, got NaN/);
  refuses({ durationMs: 1e12 }, /^durationMs: expected at most/);
  refuses({ seed: 0.5 }, /^seed: expected an integer/);
  refuses({ sites: [] }, /^sites: expected at least one/);
});

test('a plan for an unknown fault, or with what the fault does not take, is refused', () => {
  refuses(
    { faults: [{ name: 'toString' as FaultName }] },
    /^toString: unknown; expected one of handler-dead, /,
  );
  refuses(
    { faults: [{ name: 'handler-dead', status: 404 }] },
    /^handler-dead\.status: .* it takes end, honest/,
  );
  refuses({ faults: [{ name: 'stale-route', end: 'agent' }] }, /it takes none/);
  refuses({ faults: [{ name: 'handler-stuck', variant: 'x' }] }, /expected one of concurrent, serial, got x/);
  refuses(
    { faults: [{ name: 'handler-dead', channels: ['agent-10'] }] },
    /expected agent-0 to agent-9, got agent-10/,
  );
  refuses({ benign: [{ name: 'idle', channels: ['x'] }] }, /^idle\.channels/);
});
