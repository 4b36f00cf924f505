import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddedStore } from '@halfopen/store';

const SETTLING_MS_MAX = 10_000;

/** Merges begin by themselves a moment after they may: two looks in a row must find none. */
export async function mergesSettled(store: EmbeddedStore): Promise<void> {
  const until_ms = performance.now() + SETTLING_MS_MAX;
  for (let quiet = 0; quiet < 2 && performance.now() < until_ms;) {
    await sleep(250);
    const merges = await store.query('SELECT 1 FROM system.merges');
    quiet = merges.length === 0 ? quiet + 1 : 0;
  }
}

/** Rewrites every table as one part for each partition, as the engine does in the end. */
export async function mergeAll(store: EmbeddedStore): Promise<void> {
  const tables = await store.query<{ name: string }>(
    "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name",
  );
  for (const { name } of tables) await store.command(`OPTIMIZE TABLE ${name} FINAL`);
}
