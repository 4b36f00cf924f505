import { setTimeout as sleep } from 'node:timers/promises';
import { OTEL_TRACES_COLUMNS, RowWriter, transcode } from '@halfopen/ingest';
import type { EmbeddedStore } from '@halfopen/store';
import { costFigure, cpuSeconds, type Figure } from './cpu.js';
import { inNewStore } from './new-store.js';
import { requests, SPANS_PER_REQUEST } from './payload.js';

const ROUNDS = 3;

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
  return [costFigure('transcoding: OTLP to RowBinary', costs, { aim: '2.5 at most' })];
}

/** Requests of one insert: about 5,000 and 50,000 spans. */
const REQUESTS_PER_INSERT = [10, 98];

/** What stands behind `otel_traces`, and the aim for blocks of about 50,000 spans. */
const BEHIND = [
  { name: 'otel_traces', views: [], aim: undefined },
  { name: '+ frames', views: ['frames_mv'], aim: '5 at most' },
  { name: '+ all other views', views: undefined, aim: undefined },
];

/**
 * Inserts of RowBinary behind which no view stands, one, or all; each in a store of its own, and until its merges have
 * settled.
 *
 * @param spans about so many for each figure
 */
export async function measureStorage(spans: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const requestCount of REQUESTS_PER_INSERT) {
    const block = requestCount * SPANS_PER_REQUEST;
    let before = 0;
    for (const { name, views, aim } of BEHIND) {
      const cost = await costBehind(views, requestCount, Math.ceil(spans / block));
      const more = before === 0 ? '' : `; ${(cost - before).toFixed(2)} more`;
      const note = `blocks of ${block} spans, merges included${more}`;
      const aimed = aim !== undefined && requestCount === Math.max(...REQUESTS_PER_INSERT) ? { aim } : {};
      figures.push(costFigure(`storage: ${name}`, [cost], { note, ...aimed }));
      before = cost;
    }
  }
  return figures;
}

/** @param kept the views to keep; all of them unless given */
async function costBehind(
  kept: readonly string[] | undefined,
  requestCount: number,
  inserts: number,
): Promise<number> {
  return inNewStore(async (store) => {
    const views = await store.query<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'MaterializedView'",
    );
    for (const { name } of views)
      if (kept?.includes(name) === false) await store.command(`DROP VIEW ${name}`);
    return insertCost(store, requestCount, inserts);
  });
}

async function insertCost(store: EmbeddedStore, requestCount: number, inserts: number): Promise<number> {
  const writer = new RowWriter();
  for (const body of requests(requestCount)) transcode(body, 1_790_856_000, writer);
  const chunks = [Buffer.from(writer.rows())];
  const rows = requestCount * SPANS_PER_REQUEST;
  const batch = { table: 'otel_traces', columns: OTEL_TRACES_COLUMNS, chunks, rows };
  await store.insert(batch, 'warm-up');
  const seconds = await cpuSeconds(async () => {
    for (let n = 0; n < inserts; n++) await store.insert(batch, `insert-${n}`);
    await mergesSettled(store);
  });
  return (seconds / (inserts * rows)) * 1e6;
}

const SETTLING_MS_MAX = 5_000;

/** Merges begin by themselves a moment after the insert that calls for them: two looks in a row must find none. */
async function mergesSettled(store: EmbeddedStore): Promise<void> {
  const until_ms = performance.now() + SETTLING_MS_MAX;
  for (let quiet = 0; quiet < 2 && performance.now() < until_ms;) {
    await sleep(250);
    const merges = await store.query('SELECT 1 FROM system.merges');
    quiet = merges.length === 0 ? quiet + 1 : 0;
  }
}
