import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { officeInStore, startIngest } from '@halfopen/ingest';
import { simulate } from '@halfopen/lab';
import { backtest, installSignals } from '@halfopen/rules';
import { openEmbeddedStore, type EmbeddedStore } from '@halfopen/store';
import { openMemoryStream } from '@halfopen/stream';
import { inNewStore, removeStores } from '../new-store.js';
import {
  benignCells,
  DURATION_S,
  faultCells,
  SEED_SETS,
  START_MS,
  type Cell,
  type SeedSet,
} from './matrix.js';
import { print, summarize, type Results } from './report.js';
import { falseAlarms, outcomes } from './score.js';
import { tell, toldOf, type Told } from './telling.js';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    seeds: { type: 'string', default: 'reporting' },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    keep: { type: 'string' },
  },
});

/** Between two evaluations, and when the first one is: a minute after the start all have arrived. */
const STEP_MS = 10_000;
const FROM_MS = START_MS + 60_000;
const TO_MS = START_MS + DURATION_S * 1000 - 10_000;

function seedSet(name: string): SeedSet {
  if (name in SEED_SETS) return name as SeedSet;
  throw new Error(`--seeds ${name}: one of ${Object.keys(SEED_SETS).join(', ')}`);
}

try {
  const seeds = seedSet(values.seeds);
  const chosen = (cell: Cell): boolean => cell.label.includes(values.only);
  const cells = [...faultCells(seeds, values.quick), ...benignCells(seeds, values.quick)].filter(chosen);
  if (cells.length === 0)
    throw new Error(`--only ${values.only}: part of a label, as the report names cells`);
  const results =
    values.keep === undefined
      ? await inNewStore((store, dir) => measure(store, dir, cells))
      : await inKeptStore(values.keep, (store, dir) => measure(store, dir, cells));
  print(results, values.verbose);
  if (values.json !== undefined)
    await writeFile(values.json, JSON.stringify({ seeds, ...summarize(results) }, null, 2));
} finally {
  await removeStores();
}

/** All cells in one store, evaluated together: they share nothing that rules would group them by. */
async function measure(store: EmbeddedStore, dir: string, cells: readonly Cell[]): Promise<Results> {
  await installSignals(store);
  const began_ms = performance.now();
  const told = await tellAll(store, dir, cells);
  const told_ms = performance.now();
  const incidents = await backtest(store, { fromMs: FROM_MS, toMs: TO_MS, stepMs: STEP_MS });
  const s = (ms: number): string => (ms / 1000).toFixed(0);
  console.log(
    `${cells.length} fleets, ${told.reduce((sum, { channels }) => sum + channels.length, 0)} channels (seeds: ${values.seeds}); simulated and stored in ${s(told_ms - began_ms)} s, ${(TO_MS - FROM_MS) / STEP_MS + 1} evaluations in ${s(performance.now() - told_ms)} s`,
  );
  const byFleet = new Map<string, typeof incidents>();
  for (const incident of incidents) {
    const fleets = new Set(incident.channels.map((channel) => channel.split('/')[0] ?? ''));
    for (const fleet of fleets) byFleet.set(fleet, [...(byFleet.get(fleet) ?? []), incident]);
  }
  const of = ({ cell }: Told): typeof incidents => byFleet.get(cell.id) ?? [];
  const faulty = told.filter(({ cell }) => cell.fault !== undefined);
  const benign = told.filter(({ cell }) => cell.fault === undefined);
  const alarms = (each: Told) => falseAlarms(each, of(each));
  return {
    faults: {
      told: faulty,
      outcomes: faulty.flatMap((each) => outcomes(each, of(each))),
      alarms: faulty.flatMap(alarms),
    },
    benign: { told: benign, alarms: benign.flatMap(alarms) },
    toMs: TO_MS,
  };
}

async function tellAll(store: EmbeddedStore, dir: string, cells: readonly Cell[]): Promise<Told[]> {
  // What was kept from another run with the same options is judged again.
  const kept = join(dir, 'told');
  if (existsSync(kept)) return cells.map((cell) => toldOf(cell, simulate(cell.scenario)));
  const log = { info: () => undefined, warn: () => undefined, error: console.error };
  const streamDir = join(dir, 'stream');
  await mkdir(streamDir);
  const stream = await openMemoryStream({ dir: streamDir, log });
  const deadLetters = officeInStore({ store, bytesMax: 0, log });
  const ingest = startIngest({ consumer: stream.consumer, store, deadLetters, log });
  try {
    const told: Told[] = [];
    for (const cell of cells) told.push(await tell(cell, stream.producer));
    return told;
  } finally {
    await stream.close();
    await ingest.stop();
    await writeFile(kept, '');
  }
}

async function inKeptStore<T>(
  dir: string,
  work: (store: EmbeddedStore, dir: string) => Promise<T>,
): Promise<T> {
  await mkdir(dir, { recursive: true });
  const store = await openEmbeddedStore({ path: join(dir, 'store') });
  try {
    return await work(store, dir);
  } finally {
    await store.close();
  }
}
