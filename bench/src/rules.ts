import assert from 'node:assert/strict';
import { backtest, installSignals } from '@halfopen/rules';
import type { EmbeddedStore } from '@halfopen/store';
import { cpuSeconds, summary, type Figure } from './cpu.js';
import { mergesSettled } from './merges.js';
import { inNewStore } from './new-store.js';
import { BROKEN, brokenChannel, buildFleet, type BuiltFleet } from './rules-store.js';

/** Instants that are measured, s before the end of what is stored. Among them are all phases of the tables' two minutes. */
const INSTANTS_S = [115, 95, 75, 55, 35, 15, 5];

const FRAMES_PER_S = [1, 100];

/**
 * One evaluation of all rules, warm, at several instants, over fleets of several sizes and rates of frames. Throws unless
 * exactly the channels that are broken are found, each by its rule.
 *
 * @param sizes channels
 */
export async function measureRules(sizes: readonly number[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const channels of sizes)
    for (const framesPerS of FRAMES_PER_S) {
      const end_ms = Math.floor(Date.now() / 1000) * 1000;
      figures.push(...(await inNewStore((store) => measure(store, { channels, framesPerS, end_ms }))));
    }
  return figures;
}

async function measure(store: EmbeddedStore, fleet: BuiltFleet): Promise<Figure[]> {
  await installSignals(store);
  await buildFleet(store, fleet);
  await mergesSettled(store);
  await assertFound(store, fleet);
  const cpus_ms: number[] = [];
  const walls_ms: number[] = [];
  for (const ago_s of INSTANTS_S) {
    const instantMs = fleet.end_ms - ago_s * 1000;
    const began_ms = performance.now();
    const cpu_s = await cpuSeconds(() =>
      backtest(store, { fromMs: instantMs, toMs: instantMs, stepMs: 1000 }),
    );
    walls_ms.push(performance.now() - began_ms);
    cpus_ms.push(cpu_s * 1000);
  }
  const note = `${fleet.channels} channels, ${fleet.framesPerS} frames a second each`;
  return [
    { name: 'rules: one evaluation, wall', unit: 'ms', note, aim: '2000 at most', ...summary(walls_ms) },
    { name: 'rules: one evaluation', unit: 'CPU-ms', note, ...summary(cpus_ms) },
  ];
}

/** A minute of evaluations, as some rules wait before they fire. It warms up what is measured thereafter, too. */
async function assertFound(store: EmbeddedStore, fleet: BuiltFleet): Promise<void> {
  const toMs = fleet.end_ms - 5_000;
  const incidents = await backtest(store, { fromMs: toMs - 60_000, toMs, stepMs: 15_000 });
  const found = incidents.flatMap(({ rule, channels }) => channels.map((channel) => `${rule} on ${channel}`));
  const rules = BROKEN.map(({ rule }, index) => `${rule} on ${brokenChannel(fleet, index)}`);
  for (const expected of rules) assert.ok(found.includes(expected), `not found: ${expected}`);
  const broken = new Set(BROKEN.map((_, index) => brokenChannel(fleet, index)));
  const alarmed = incidents.flatMap(({ channels }) => channels).filter((channel) => !broken.has(channel));
  assert.deepEqual(alarmed, [], 'healthy channels');
}
