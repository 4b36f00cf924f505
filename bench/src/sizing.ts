import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createCollector } from '@halfopen/collector';
import { officeInStore, RowWriter, startIngest, transcode } from '@halfopen/ingest';
import { backtest, installSignals } from '@halfopen/rules';
import type { EmbeddedStore } from '@halfopen/store';
import { openMemoryStream } from '@halfopen/stream';
import { costFigure, cpuSeconds, summary, type Figure } from './cpu.js';
import { sendLoad } from './load.js';
import { mergeAll, mergesSettled } from './merges.js';
import { inNewStore } from './new-store.js';
import { recordFleet, replay, type Recording } from './replay.js';

/** The fleet that is asked for. */
const FLEET = 5_000;
const DAY_S = 86_400;

/** What an evaluation looks back over (rules: 15 min), and a minute in which the channels connect. */
const DURATION_S = 960;

/** The product's defaults (README, "Configuration"). */
const EVALUATION_INTERVAL_S = 5;
const TELEMETRY_DAYS = 14;

const ROUNDS = 3;

/**
 * What 5,000 healthy channels cost for a day: rows, bytes on disk, CPU. So many channels are simulated, both ends, and
 * sent as densely as 5,000 would; every number is then scaled by channels and time.
 */
export async function measureSizing(channels: number): Promise<Figure[]> {
  const startMs = Math.floor(Date.now() / 1000) * 1000 - DURATION_S * 1000;
  const recording = recordFleet(channels, startMs, DURATION_S * 1000);
  const fleet = new Scale(channels, recording);
  const http = await measureHttp(fleet);
  const transcoding = await measureTranscoding(recording);
  return inNewStore(async (store, dir) => {
    await installSignals(store);
    const storing = await measureStoring(store, dir, fleet);
    const tables = await measureTables(store, fleet);
    const rules = await measureRules(store, startMs, fleet);
    const cores = http.cores + storing.cores + rules.cores;
    return [
      ...fleet.figures(),
      ...tables,
      ...http.figures,
      costFigure('sizing: of storing, transcoding', [transcoding]),
      ...storing.figures,
      ...rules.figures,
      {
        name: 'sizing: all together',
        value: cores,
        unit: 'cores',
        note: `${FLEET} channels: HTTP ${http.cores.toFixed(2)} + storing ${storing.cores.toFixed(2)} + rules ${rules.cores.toFixed(2)}`,
      },
    ];
  });
}

/** From what was simulated to 5,000 channels and a day. */
class Scale {
  readonly channelSeconds: number;
  /** Of 5,000 channels. */
  readonly spansPerS: number;
  readonly requestsPerS: number;

  constructor(
    readonly channels: number,
    readonly recording: Recording,
  ) {
    this.channelSeconds = channels * DURATION_S;
    this.spansPerS = (recording.spans / this.channelSeconds) * FLEET;
    this.requestsPerS = (recording.requests.length / this.channelSeconds) * FLEET;
  }

  get speed(): number {
    return FLEET / this.channels;
  }

  perDay(measured: number): number {
    return (measured / this.channelSeconds) * FLEET * DAY_S;
  }

  figures(): Figure[] {
    const { channels, recording, spansPerS, requestsPerS } = this;
    const { spans, requests, bytes } = recording;
    const measured = `${channels} channels, ${DURATION_S} s`;
    const bytesOf = `${(bytes / spans).toFixed(0)} bytes a span in protobuf`;
    return [
      {
        name: 'sizing: spans of 1,000 channels',
        value: (spansPerS / FLEET) * 1000,
        unit: 'spans/s',
        note: `${spans} spans of ${measured}; ${bytesOf}`,
      },
      {
        name: `sizing: spans of ${FLEET} channels`,
        value: spansPerS,
        unit: 'spans/s',
        note: `in ${requestsPerS.toFixed(0)} requests/s: ${requests.length} of ${measured}`,
      },
    ];
  }
}

interface Part {
  readonly figures: readonly Figure[];
  /** At 5,000 channels. */
  readonly cores: number;
}

/** Requests as small as agents send them, over loopback into a stream that takes everything at once. */
async function measureHttp({ recording, spansPerS, requestsPerS }: Scale): Promise<Part> {
  const collector = createCollector({
    producer: { publish: () => Promise.resolve() },
    ready: () => ({ ready: true }),
    config: { port: 0 },
  });
  const { port } = await collector.listen();
  const url = `http://127.0.0.1:${port}/v1/traces`;
  const spansEach = Math.max(1, Math.round(recording.spans / recording.requests.length));
  const requests = 5_000;
  const costs: number[] = [];
  try {
    await sendLoad({ url, requests, spansEach });
    for (let round = 0; round < ROUNDS; round++) {
      const seconds = await cpuSeconds(() => sendLoad({ url, requests, spansEach }));
      costs.push((seconds / (requests * spansEach)) * 1e6);
    }
  } finally {
    await collector.close();
  }
  const figure = costFigure('sizing: collector, HTTP and check', costs, {
    note: `${spansEach} spans a request: ${((summary(costs).value * spansEach) / 1000).toFixed(2)} CPU-ms each, ${requestsPerS.toFixed(0)} a second`,
  });
  return { figures: [figure], cores: (figure.value * spansPerS) / 1e6 };
}

async function measureTranscoding({ requests, spans }: Recording): Promise<number> {
  const writer = new RowWriter();
  const seconds = await cpuSeconds(() => {
    for (const { body } of requests) {
      writer.clear();
      transcode(body, 1_790_856_000, writer);
    }
  });
  return (seconds / spans) * 1e6;
}

/** The real stream and ingest, at the pace of 5,000 channels, merges going on as they like. */
async function measureStoring(store: EmbeddedStore, dir: string, fleet: Scale): Promise<Part> {
  const { recording, speed, spansPerS } = fleet;
  const log = { info: () => undefined, warn: () => undefined, error: console.error };
  const streamDir = join(dir, 'stream');
  await mkdir(streamDir);
  const stream = await openMemoryStream({ dir: streamDir, log });
  const ingest = startIngest({
    consumer: stream.consumer,
    store,
    deadLetters: officeInStore({ store, bytesMax: 0, log }),
    log,
  });
  let waits_ms: number[] = [];
  const seconds = await cpuSeconds(async () => {
    waits_ms = await replay(recording, stream.producer, speed);
    await mergesSettled(store);
  });
  const { ranges } = ingest.counters();
  await stream.close();
  await ingest.stop();
  const rewriting = await cpuSeconds(() => mergeAll(store));
  const costs = { storing: (seconds / recording.spans) * 1e6, merging: (rewriting / recording.spans) * 1e6 };
  const cores = ((costs.storing + costs.merging) * spansPerS) / 1e6;
  return {
    cores,
    figures: [
      costFigure('sizing: storing, with merges', [costs.storing], {
        note: `transcoding included; blocks of ${(recording.spans / ranges).toFixed(0)} spans, as the stream cuts them at ${spansPerS.toFixed(0)} spans/s`,
      }),
      costFigure('sizing: all rows merged once more', [costs.merging], {
        note: 'a day merges each row about once more than these minutes do',
      }),
      waitFigure('sizing: request to 200, median', waits_ms, 0.5),
      waitFigure('sizing: request to 200, 99 of 100', waits_ms, 0.99),
    ],
  };
}

function waitFigure(name: string, waits_ms: readonly number[], share: number): Figure {
  const sorted = [...waits_ms].sort((a, b) => a - b);
  return { name, value: sorted[Math.floor((sorted.length - 1) * share)] ?? NaN, unit: 'ms' };
}

/** Rows and bytes of every table, its parts merged into one. */
async function measureTables(store: EmbeddedStore, fleet: Scale): Promise<Figure[]> {
  const tables = await store.query<{ table: string; parts: number; rows: number; bytes: number }>(
    `SELECT table, toUInt32(count()) AS parts, toUInt32(sum(rows)) AS rows, toUInt32(sum(bytes_on_disk)) AS bytes
     FROM system.parts WHERE active AND database = currentDatabase()
     GROUP BY table HAVING rows > ${fleet.channels} ORDER BY bytes DESC, table`,
  );
  const figures = tables.map(({ table, rows, bytes }): Figure => {
    const millions = fleet.perDay(rows) / 1e6;
    const note = `${millions.toFixed(1)} million rows a day; ${(bytes / rows).toFixed(1)} bytes each: ${bytes} bytes, ${rows} rows here`;
    return { name: `sizing: ${table}`, value: fleet.perDay(bytes) / 1e9, unit: 'GB a day', note };
  });
  const day = figures.reduce((sum, { value }) => sum + value, 0);
  const times = `x ${FLEET} / ${fleet.channels} channels x ${DAY_S} / ${DURATION_S} s`;
  return [
    ...figures,
    { name: 'sizing: all tables', value: day, unit: 'GB a day', note: `bytes here ${times}` },
    {
      name: `sizing: disk at ${TELEMETRY_DAYS} days`,
      value: day * TELEMETRY_DAYS,
      unit: 'GB',
      note: 'retention.telemetryDays; and room to merge in',
    },
  ];
}

/** One evaluation costs something at any size, and then grows with the channels. */
async function measureRules(store: EmbeddedStore, startMs: number, { channels }: Scale): Promise<Part> {
  const evaluate = async (instantMs: number): Promise<number> => {
    const costs: number[] = [];
    for (let round = 0; round < ROUNDS; round++)
      costs.push(
        await cpuSeconds(() => backtest(store, { fromMs: instantMs, toMs: instantMs, stepMs: 1000 })),
      );
    return summary(costs).value;
  };
  const end_ms = startMs + DURATION_S * 1000;
  await evaluate(end_ms);
  const empty_s = await evaluate(startMs - DAY_S * 1000);
  const here_s = await evaluate(end_ms);
  const fleet_s = empty_s + ((here_s - empty_s) / channels) * FLEET;
  const ms = (seconds: number): string => (seconds * 1000).toFixed(0);
  return {
    figures: [
      {
        name: 'sizing: one evaluation of the rules',
        value: fleet_s * 1000,
        unit: 'CPU-ms',
        note: `${ms(empty_s)} + (${ms(here_s)} at ${channels} - ${ms(empty_s)} at none) x ${FLEET} / ${channels}; each ${EVALUATION_INTERVAL_S} s`,
      },
    ],
    // The interval is between the end of one evaluation and the next.
    cores: fleet_s / (EVALUATION_INTERVAL_S + fleet_s),
  };
}
