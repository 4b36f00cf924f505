import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { KafkaBroker } from '@halfopen/lab';
import { afterwards } from '../afterwards.js';
import { EngineServer } from '../apart/engine-server.js';
import { part, temporaryFolder, type Part } from '../halfopen.js';
import { until } from '../until.js';
import { batch, type Batch } from './batches.js';
import { peakMb } from './peak.js';
import { Sender } from './sender.js';
import { storedOnce, type Query } from './stored-once.js';

/** `npm run chaos -- --size outage` asks for ten minutes. */
const AWAY_S = Number(process.env['HALFOPEN_OUTAGE_S'] ?? '15');
/** Of what the ingest can store, so much arrives. */
const SHARE = 1 / 4;
/** What is in docs/capacity.md: whatever waits in Kafka, an ingest holds no more of it. */
const MEMORY_MB_MAX = 512;

const SPANS_EACH = 500;
const AT_ONCE = 16;
/**
 * Stored in one go, to learn how fast that is. What can be kept up for as long as the outage takes is less than what a burst
 * shows: parts have to be merged meanwhile.
 */
const MEASURED_MESSAGES = Math.max(500, 10 * AWAY_S);
/** The first of them are not counted: the processes warm up. */
const WARMING = 0.3;

/** Behind an outage a third of it would do; a machine that does other work besides takes longer. */
const CATCHING_UP_MS_MAX = (AWAY_S + 60) * 1000;

/** What has been acknowledged, message after message. */
class Arrivals {
  readonly acknowledged: Batch[] = [];
  #next = 0;

  constructor(private readonly sender: Sender) {}

  async send(): Promise<void> {
    const { number, spans, bytes } = batch(this.#next++, SPANS_EACH);
    await this.sender.untilAcknowledged(bytes);
    // Ten minutes of bytes would not fit.
    this.acknowledged.push({ number, spans, bytes: new Uint8Array() });
  }

  async atOnce(messages: number): Promise<void> {
    let left = messages;
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        while (left-- > 0) await this.send();
      }),
    );
  }

  /** So many messages a second until the signal, however long an answer takes. */
  async steadily(perSecond: number, signal: AbortSignal): Promise<void> {
    const sending = new Set<Promise<void>>();
    const began_ms = performance.now();
    for (let sent = 0; !signal.aborted; sent++) {
      const due_ms = began_ms + (sent / perSecond) * 1000;
      await sleep(Math.max(0, due_ms - performance.now()), undefined, { signal }).catch(() => undefined);
      const one: Promise<void> = this.send().finally(() => sending.delete(one));
      one.catch(() => undefined); // told by whoever waits for all
      sending.add(one);
    }
    await Promise.all(sending);
  }
}

/** Messages stored a second, from one count to another. */
async function rate(query: Query, from: number, to: () => number): Promise<number> {
  let [counted, began_ms] = [await stored(query), performance.now()];
  await until('storing has begun', async () => {
    [counted, began_ms] = [await stored(query), performance.now()];
    return counted >= from;
  });
  const first = counted;
  while (counted < to()) {
    await sleep(100);
    counted = await stored(query);
    assert.ok(performance.now() - began_ms < CATCHING_UP_MS_MAX, `${counted} of ${to()} messages are stored`);
  }
  return (counted - first) / ((performance.now() - began_ms) / 1000);
}

async function stored(query: Query): Promise<number> {
  const [row] = await query<{ n: number }>('SELECT toUInt32(count()) AS n FROM ingest_ledger');
  return row?.n ?? 0;
}

async function reasons({ url }: Part): Promise<string> {
  return (await fetch(`${url}/readyz`)).text();
}

test(`ClickHouse away for ${AWAY_S} s while messages arrive: bounded memory, and nothing lost or stored twice`, async (t) => {
  const dir = await temporaryFolder(t);
  const broker = await KafkaBroker.start({ dir: join(dir, 'broker') });
  afterwards(t, () => broker.kill());
  const engine = await EngineServer.open(dir);
  afterwards(t, () => engine.close());
  const query: Query = (sql) => engine.query(sql);
  const config = join(dir, 'outage.yaml');
  await writeFile(
    config,
    `collector: { port: 0 }
ingest: { port: 0 }
log: { level: silent }
kafka: { brokers: ["${broker.address}"], topic: spans, partitions: 4, replicas: 1 }
clickhouse: { url: "${engine.url}" }
`,
  );
  const [collector, ingest] = await Promise.all([part('collector', config), part('ingest', config)]);
  for (const { url } of [collector, ingest])
    await until(`${url} is ready`, async () => (await fetch(`${url}/readyz`)).status === 200);
  const sender = new Sender(() => collector.url);
  afterwards(t, () => {
    sender.close();
  });
  const arrivals = new Arrivals(sender);

  await engine.leave();
  await arrivals.atOnce(MEASURED_MESSAGES);
  await engine.listen();
  const max = await rate(query, MEASURED_MESSAGES * WARMING, () => MEASURED_MESSAGES);

  const enough = new AbortController();
  afterwards(t, () => {
    enough.abort();
  });
  await engine.leave();
  const arriving = arrivals.steadily(max * SHARE, enough.signal);
  arriving.catch(() => undefined); // awaited below, if the test comes so far
  await until('the ingest says that storing fails', async () =>
    /storing has failed since .*does not answer/.test(await reasons(ingest)),
  );
  await sleep(AWAY_S * 1000);
  assert.match(await reasons(ingest), /storing has failed since/, 'and has not given up');
  const before = await stored(query);
  const missed = arrivals.acknowledged.length - before;
  assert.ok(missed > 0);
  await engine.listen();
  // Within a second of the present: while messages arrive, some are always on their way.
  const caughtUp = await rate(query, before + 1, () => arrivals.acknowledged.length - max * SHARE);
  enough.abort();
  await arriving;
  await until('all is stored', async () => (await stored(query)) >= arrivals.acknowledged.length);
  await storedOnce(query, arrivals.acknowledged);
  const memory = await peakMb(ingest.pid);
  assert.ok(memory < MEMORY_MB_MAX, `${memory} MB, bound ${MEMORY_MB_MAX}`);
  const spans = (messages: number) => Math.round(messages * SPANS_EACH);
  t.diagnostic(
    `stored at most ${spans(max)} spans/s; ${spans(max * SHARE)} spans/s arrived; ${spans(missed)} spans waited`,
  );
  t.diagnostic(
    `caught up at ${spans(caughtUp)} spans/s, ${(caughtUp / (max * SHARE)).toFixed(1)} times what arrived; peak memory ${Math.round(memory)} MB (bound ${MEMORY_MB_MAX})`,
  );
  for (const running of [ingest, collector]) assert.equal((await running.stop('SIGTERM')).code, 0);
});
