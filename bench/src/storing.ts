import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OTEL_TRACES_COLUMNS, RowWriter, transcode } from '@halfopen/ingest';
import { openEmbeddedStore, type EmbeddedStore } from '@halfopen/store';
import { cpuSeconds, median, type Figure } from './cpu.js';
import { requests, SPANS_PER_REQUEST } from './payload.js';

const ROUNDS = 3;

/** Requests of one insert: about 50,000 spans. */
const REQUESTS_PER_INSERT = 98;

/** From OTLP bytes to RowBinary. */
export async function measureTranscoding(count: number): Promise<Figure[]> {
  const bodies = [...requests(count)];
  const writer = new RowWriter();
  const costs: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const seconds = await cpuSeconds(() => {
      for (const body of bodies) {
        writer.clear();
        transcode(body, 1_790_856_000, writer);
      }
    });
    if (round > 0) costs.push((seconds / (count * SPANS_PER_REQUEST)) * 1e6);
  }
  return [
    {
      name: 'transcoding: OTLP to RowBinary',
      cost: median(costs),
      unit: 'CPU-s per million spans',
      aim: '2.5 at most',
    },
  ];
}

/** Inserts of RowBinary behind which all views stand, one, or none; each in a store of its own, merges included. */
export async function measureStorage(inserts: number): Promise<Figure[]> {
  const unit = 'CPU-s per million spans';
  const note = `blocks of ${REQUESTS_PER_INSERT * SPANS_PER_REQUEST} spans, merges included`;
  return [
    { name: 'storage: otel_traces', cost: await costBehind([], inserts), unit, note },
    {
      name: 'storage: otel_traces and frames',
      cost: await costBehind(['frames_mv'], inserts),
      unit,
      aim: '5 at most',
    },
    { name: 'storage: with all views', cost: await costBehind(undefined, inserts), unit },
  ];
}

/** @param kept the views to keep; all of them unless given */
async function costBehind(kept: readonly string[] | undefined, inserts: number): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'halfopen-bench-'));
  const store = await openEmbeddedStore({ path: dir });
  try {
    const views = await store.query<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'MaterializedView'",
    );
    for (const { name } of views)
      if (kept?.includes(name) === false) await store.command(`DROP VIEW ${name}`);
    return await insertCost(store, inserts);
  } finally {
    await store.close();
    await rm(dir, { recursive: true, force: true });
  }
}

async function insertCost(store: EmbeddedStore, inserts: number): Promise<number> {
  const bodies = [...requests(REQUESTS_PER_INSERT)];
  const writer = new RowWriter();
  for (const body of bodies) transcode(body, 1_790_856_000, writer);
  const chunks = [Buffer.from(writer.rows())];
  const rows = REQUESTS_PER_INSERT * SPANS_PER_REQUEST;
  const batch = { table: 'otel_traces', columns: OTEL_TRACES_COLUMNS, chunks, rows };
  await store.insert(batch, 'warm-up');
  const seconds = await cpuSeconds(async () => {
    for (let n = 0; n < inserts; n++) await store.insert(batch, `insert-${n}`);
  });
  return (seconds / (inserts * rows)) * 1e6;
}
