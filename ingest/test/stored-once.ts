import assert from 'node:assert/strict';
import type { ModelOffice } from './model-office.js';
import type { ModelStore } from './model-store.js';

/**
 * Every span of the good messages once, the bad ones once among the dead letters and whole in the office, and each in the
 * ledger once.
 */
export function assertStoredOnce(
  store: ModelStore,
  office: ModelOffice,
  spanNames: readonly string[],
  good: number,
  bad: readonly string[],
): void {
  const rows = store.bytes('otel_traces').toString('latin1');
  assert.deepEqual([...rows.matchAll(/span-\d+;/g)].map(String).sort(), [...spanNames].sort());
  const deadRows = store.bytes('dead_letters').toString('latin1');
  assert.deepEqual([...deadRows.matchAll(/bad-\d+;/g)].map(String).sort(), [...bad].sort());
  const whole = office.values().map((value) => value.subarray(2).toString());
  assert.deepEqual(whole.sort(), [...bad].sort());
  const ledger = store.ledger().map(({ batchId }) => batchId);
  assert.equal(ledger.length, good + bad.length);
  assert.equal(new Set(ledger).size, ledger.length);
}
