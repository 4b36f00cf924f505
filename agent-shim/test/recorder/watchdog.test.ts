import assert from 'node:assert/strict';
import test from 'node:test';
import { Watchdog } from '../../src/recorder/watchdog.js';

function watched(begun_ms: number): { begun_ms: number; reports: number[]; report: (at_ms: number) => void } {
  const reports: number[] = [];
  return { begun_ms, reports, report: (at_ms) => reports.push(at_ms) };
}

test('a stage is reported at 5, 10, 20 and 40 s of age, once each however often it is looked at', () => {
  const watchdog = new Watchdog(5_000);
  const stage = watched(1_000);
  watchdog.watch(stage);
  for (let now_ms = 1_000; now_ms <= 60_000; now_ms += 1_000) watchdog.look(now_ms);
  assert.deepEqual(stage.reports, [6_000, 11_000, 21_000, 41_000]);
});

test('after a pause of the process a stage is reported once, not for each time that was missed', () => {
  const watchdog = new Watchdog(5_000);
  const stage = watched(0);
  watchdog.watch(stage);
  watchdog.look(100_000);
  watchdog.look(101_000);
  watchdog.look(160_000);
  assert.deepEqual(stage.reports, [100_000, 160_000]);
});

test('what has ended is not reported, and what is young neither', () => {
  const watchdog = new Watchdog(5_000);
  const [first, second, third] = [watched(0), watched(100), watched(9_000)];
  for (const stage of [first, second, third]) watchdog.watch(stage);
  watchdog.ended(first);
  watchdog.look(10_000);
  assert.deepEqual([first.reports, second.reports, third.reports], [[], [10_000], []]);
});
