import { OTEL_TRACES_COLUMNS, RowWriter, transcode } from '@halfopen/ingest';
import type { EmbeddedStore } from '@halfopen/store';
import { costFigure, cpuSeconds, type Figure } from './cpu.js';
import { mergesSettled } from './merges.js';
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

/** What stands behind `otel_traces`. */
const BEHIND = [
  { name: 'otel_traces', views: [] },
  { name: '+ frames', views: ['frames_mv'] },
  { name: '+ all other views', views: undefined },
];

/** What the project aims at: `otel_traces` and `frames` together, in blocks of about 50,000 spans. */
const AIMED = { name: '+ frames', requestCount: Math.max(...REQUESTS_PER_INSERT), aim: '5 at most' };

/**
 * Inserts of RowBinary behind which no view stands, one, or all; each in a store of its own. Merges wait until the
 * inserts are done and have rows of their own: when the engine merges, and how often the same row, is its own choice.
 *
 * @param spans about so many for each figure, in {@link ROUNDS} rounds
 */
export async function measureStorage(spans: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const requestCount of REQUESTS_PER_INSERT) {
    const block = requestCount * SPANS_PER_REQUEST;
    const inserts = Math.ceil(spans / block / ROUNDS);
    // Round by round, so that a slow minute of the machine falls on all of them.
    const costs: StorageCosts[][] = BEHIND.map(() => []);
    for (let round = 0; round < ROUNDS; round++)
      for (const [index, { views }] of BEHIND.entries())
        costs[index]?.push(await costBehind(views, requestCount, inserts));
    for (const [index, { name }] of BEHIND.entries()) {
      const rounds = costs[index] ?? [];
      const aim = name === AIMED.name && requestCount === AIMED.requestCount ? { aim: AIMED.aim } : {};
      const note = `blocks of ${block} spans`;
      figures.push(
        costFigure(
          `storage: ${name}`,
          rounds.map(({ inserting }) => inserting),
          { note, ...aim },
        ),
        costFigure(
          `storage: ${name}, merges`,
          rounds.map(({ merging }) => merging),
          { note },
        ),
      );
    }
  }
  return figures;
}

/** CPU-seconds per million spans. */
interface StorageCosts {
  readonly inserting: number;
  readonly merging: number;
}

/** @param kept the views to keep; all of them unless given */
async function costBehind(
  kept: readonly string[] | undefined,
  requestCount: number,
  inserts: number,
): Promise<StorageCosts> {
  return inNewStore(async (store) => {
    const views = await store.query<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'MaterializedView'",
    );
    for (const { name } of views)
      if (kept?.includes(name) === false) await store.command(`DROP VIEW ${name}`);
    return storageCosts(store, requestCount, inserts);
  });
}

async function storageCosts(
  store: EmbeddedStore,
  requestCount: number,
  inserts: number,
): Promise<StorageCosts> {
  const writer = new RowWriter();
  for (const body of requests(requestCount)) transcode(body, 1_790_856_000, writer);
  const chunks = [Buffer.from(writer.rows())];
  const rows = requestCount * SPANS_PER_REQUEST;
  const batch = { table: 'otel_traces', columns: OTEL_TRACES_COLUMNS, chunks, rows };
  await store.command('SYSTEM STOP MERGES');
  await store.insert(batch, 'warm-up');
  const inserting_s = await cpuSeconds(async () => {
    for (let n = 0; n < inserts; n++) await store.insert(batch, `insert-${n}`);
  });
  const merging_s = await cpuSeconds(async () => {
    await store.command('SYSTEM START MERGES');
    await mergesSettled(store);
  });
  const millions = (inserts * rows) / 1e6;
  return { inserting: inserting_s / millions, merging: merging_s / millions };
}
