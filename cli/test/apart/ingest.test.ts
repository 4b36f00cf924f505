import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { KafkaBroker } from '@halfopen/lab';
import { afterwards } from '../afterwards.js';
import { batch } from '../chaos/batches.js';
import { Sender } from '../chaos/sender.js';
import { part, temporaryFolder } from '../halfopen.js';
import { until } from '../until.js';
import { EngineServer } from './engine-server.js';

test('collector, Kafka, two ingests, a ClickHouse server: all is stored once, over the server’s absence and resent messages', async (t) => {
  const dir = await temporaryFolder(t);
  const broker = await KafkaBroker.start({ dir: join(dir, 'broker') });
  afterwards(t, () => broker.kill());
  const engine = await EngineServer.open(dir);
  afterwards(t, () => engine.close());
  const config = join(dir, 'apart.yaml');
  await writeFile(
    config,
    `collector: { port: 0 }
ingest: { port: 0 }
log: { level: warn }
kafka: { brokers: ["${broker.address}"], topic: spans, partitions: 4, replicas: 1 }
clickhouse: { url: "${engine.url}" }
`,
  );
  // Together: each finds the schema made, or makes it, and only one does.
  const [collector, ...ingests] = await Promise.all([
    part('collector', config),
    part('ingest', config),
    part('ingest', config),
  ]);
  let said = '';
  const isReady = async (url: string) => {
    const response = await fetch(`${url}/readyz`);
    said = await response.text();
    return response.status === 200;
  };
  for (const { url } of [collector, ...ingests])
    await until(
      `${url} is ready`,
      () => isReady(url),
      () => said,
    );
  const migrations = await engine.query<{ n: number; distinct: number }>(
    'SELECT toUInt32(count()) AS n, toUInt32(uniqExact(version, statement)) AS distinct FROM schema_migrations',
  );
  assert.equal(migrations[0]?.n, migrations[0]?.distinct, 'each statement was carried out once');

  const sender = new Sender(() => collector.url);
  afterwards(t, () => {
    sender.close();
  });
  let next = 0;
  const sent: { spans: number }[] = [];
  const send = async (count: number) => {
    const messages = Array.from({ length: count }, () => batch(next++, 50));
    await Promise.all(messages.map(({ bytes }) => sender.untilAcknowledged(bytes)));
    // A client whose answers were lost.
    await Promise.all(messages.slice(0, 10).map(({ bytes }) => sender.untilAcknowledged(bytes)));
    sent.push(...messages);
  };
  const stored = async (): Promise<{ rows: number; spans: number }> => {
    const [counted] = await engine.query<{ rows: number; spans: number }>(
      'SELECT toUInt32(count()) AS rows, toUInt32(uniqExact(SpanId)) AS spans FROM otel_traces',
    );
    return counted ?? { rows: 0, spans: 0 };
  };
  const total = () => sent.reduce((sum, { spans }) => sum + spans, 0);
  const isStored = async () => (await stored()).spans === total();

  await send(100);
  await until('the first messages are stored', isStored);

  await engine.leave();
  await send(100);
  await until('an ingest says that storing fails', async () => {
    for (const { url } of ingests) if (!(await isReady(url))) return true;
    return false;
  });
  const { reasons } = (await (await fetch(`${ingests[0].url}/readyz`)).json()) as {
    reasons: string[];
  };
  assert.ok(
    reasons.every((reason) => /storing has failed since .*does not answer/.test(reason)),
    reasons.join(),
  );
  await engine.listen();
  await until('what came while the server was away is stored', isStored);

  const { rows, spans } = await stored();
  assert.deepEqual([rows, spans], [total(), total()], 'each once');
  // What is stored is counted once its range is committed, a moment later.
  const sum = async (name: string): Promise<number> => {
    const texts = await Promise.all(ingests.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
    const own = new RegExp(`^${name} (\\d+)`, 'm');
    return texts.reduce((all, text) => all + Number(own.exec(text)?.[1] ?? 0), 0);
  };
  await until('all is counted', async () => (await sum('halfopen_ingest_spans_total')) === total());
  await until('copies are dropped', async () => (await sum('halfopen_ingest_resent_total')) === 20);
  assert.equal(await sum('halfopen_stream_partitions'), 4);
  for (const running of [collector, ...ingests]) assert.equal((await running.stop('SIGTERM')).code, 0);
});
