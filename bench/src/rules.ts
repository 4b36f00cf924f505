import assert from 'node:assert/strict';
import { installSignals, backtest } from '@halfopen/rules';
import type { EmbeddedStore } from '@halfopen/store';
import { cpuSeconds, summary, type Figure } from './cpu.js';
import { mergesSettled } from './merges.js';
import { inNewStore } from './new-store.js';
import { BROKEN, brokenChannel, buildFleet, type BuiltFleet } from './rules-store.js';

/** Instants of one fleet, s before the end of what is stored: an evaluation live is never told of its own future. */
const INSTANTS_S = [30, 23, 17, 12, 5];

/**
 * One evaluation of all rules, warm, at several instants, over fleets of several sizes and rates of frames.
 *
 * @param sizes channels
 */
export async function measureRules(sizes: readonly number[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const channels of sizes)
    for (const framesPerS of [1, 100]) {
      const end_ms = Math.floor(Date.now() / 1000) * 1000;
      figures.push(...(await inNewStore((store) => measure(store, { channels, framesPerS, end_ms }))));
    }
  return figures;
}

async function measure(store: EmbeddedStore, fleet: BuiltFleet): Promise<Figure[]> {
  await installSignals(store);
  await buildFleet(store, fleet);
  await mergesSettled(store);
  const cpus_ms: number[] = [];
  const walls_ms: number[] = [];
  for (const ago_s of [...INSTANTS_S.slice(0, 1), ...INSTANTS_S]) {
    const instantMs = fleet.end_ms - ago_s * 1000;
    const began_ms = performance.now();
    let found: string[] = [];
    const seconds = await cpuSeconds(async () => {
      const incidents = await backtest(store, { fromMs: instantMs, toMs: instantMs, stepMs: 1000 });
      found = incidents.flatMap(({ rule, channels }) => channels.map((channel) => `${rule} on ${channel}`));
    });
    walls_ms.push(performance.now() - began_ms);
    cpus_ms.push(seconds * 1000);
    console.error(instantMs, seconds, walls_ms.at(-1), found);
  }
  const note = `${fleet.channels} channels, ${fleet.framesPerS} frames a second each`;
  return [
    { name: 'rules: one evaluation', unit: 'CPU-ms', note, ...summary(cpus_ms.slice(1)) },
    { name: 'rules: one evaluation, wall', unit: 'ms', note, ...summary(walls_ms.slice(1)) },
  ];
}
