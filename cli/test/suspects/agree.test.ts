import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { record, simulate } from '@halfopen/lab';
import { evaluate, SHIPPED } from '@halfopen/rules';
import { opened } from '../facts/stored.js';
import { troubledFleet, UNTIL_S } from './fleets.js';

/**
 * Rules read only the channels on which one might fire (ADR 0017). Over fleets on which almost everything goes wrong that
 * can, that must find what reading every channel finds. More seeds: HALFOPEN_SUSPECT_SEEDS=11-60.
 */
const [first = 1, last = first] = (process.env['HALFOPEN_SUSPECT_SEEDS'] ?? '1-4').split('-').map(Number);
const STEP_S = 37;

for (let seed = first; seed <= last; seed++)
  test(`suspects of fleet ${seed} are all on whom a rule fires`, async (t) => {
    await agree(t, seed);
  });

async function agree(t: TestContext, seed: number): Promise<void> {
  const { store, folder, load } = await opened(t);
  const simulation = simulate(troubledFleet(seed));
  const file = join(folder, 'recording.jsonl.gz');
  await record(simulation, file);
  await load(file);
  const fired = new Set<string>();
  for (let at_s = 20 + (seed % STEP_S); at_s < UNTIL_S + 120; at_s += STEP_S) {
    const instant_ms = simulation.scenario.startMs + at_s * 1000;
    // Nothing is open before: each channel must be suspected by what is stored.
    const chosen = await evaluate(store, instant_ms, []);
    const every = await evaluate(store, instant_ms, [], SHIPPED, { everyChannel: true });
    assert.deepEqual(
      chosen.open.map(({ rule, members }) => `${rule} on ${[...members.keys()].join()}`),
      every.open.map(({ rule, members }) => `${rule} on ${[...members.keys()].join()}`),
      `${at_s} s`,
    );
    assert.deepEqual(chosen, every, `${at_s} s`);
    for (const { rule } of every.open) fired.add(rule);
  }
  t.diagnostic(`fired: ${[...fired].sort().join(', ')}`);
  assert.ok(fired.size > 0, 'something fires');
}
