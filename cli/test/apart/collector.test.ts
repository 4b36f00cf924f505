import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { KafkaBroker } from '@halfopen/lab';
import { batchId, checkTraceRequest, traceRequestFromJson } from '@halfopen/otlp';
import { openKafkaConsumer, type RecordRange } from '@halfopen/stream';
import { afterwards } from '../afterwards.js';
import { halfopen, part, sample, temporaryFolder } from '../halfopen.js';
import { until } from '../until.js';
import { EngineServer } from './engine-server.js';

test('a collector of its own: not ready while Kafka is away; what it answers with 200 is in the topic, in parts that fit', async (t) => {
  const dir = await temporaryFolder(t);
  const broker = await KafkaBroker.start({ dir: join(dir, 'broker') });
  afterwards(t, () => broker.kill());
  await broker.kill();

  const config = join(dir, 'collector.yaml');
  await writeFile(
    config,
    `collector: { port: 0 }
log: { level: silent }
kafka: { brokers: ["${broker.address}"], topic: spans, partitions: 2, replicas: 1, messageBytesMax: 100000 }
`,
  );
  const collector = await part('collector', config);
  const post = (body: Uint8Array) =>
    fetch(`${collector.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body,
    });
  const lines = gunzipSync(await readFile(sample('listener-down')))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  const requests = lines.map((line) => traceRequestFromJson(Buffer.from(line)).bytes);

  const early = await post(requests[0] ?? Buffer.alloc(0));
  assert.deepEqual([early.status, early.headers.get('retry-after')], [503, '2']);
  const readiness = await fetch(`${collector.url}/readyz`);
  assert.equal(readiness.status, 503);

  await broker.restart();
  await until('the collector is ready', async () => (await fetch(`${collector.url}/readyz`)).status === 200);
  // All of them at once, in one request that no message holds; and again, as a client whose answer was lost.
  const large = Buffer.concat(requests);
  assert.ok(large.length > 100_000, `${large.length} bytes`);
  for (const body of [large, large]) assert.equal((await post(body)).status, 200);
  assert.equal((await collector.stop('SIGTERM')).code, 0);

  const consumer = await openKafkaConsumer({
    connection: { brokers: [broker.address] },
    topic: 'spans',
    group: 'test',
    batchIdOf: batchId,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  afterwards(t, () => consumer.close());
  const copies = new Map<string, { spans: number; partitions: number[] }>();
  const take = async (range: RecordRange | undefined) => {
    for (const { batchId: id, value } of range?.records ?? []) {
      assert.ok(value.length <= 100_000);
      const { spans } = checkTraceRequest(value);
      const seen = copies.get(id)?.partitions ?? [];
      copies.set(id, { spans, partitions: [...seen, range?.partition ?? -1] });
    }
    if (range !== undefined) await consumer.commit(range);
  };
  const total = () => [...copies.values()].reduce((sum, { spans }) => sum + spans, 0);
  const isWhole = () => [...copies.values()].every(({ partitions }) => partitions.length === 2);
  await until('all copies are there', async () => {
    if (total() === 412 && isWhole()) return true;
    await take(await consumer.next(AbortSignal.timeout(5_000)));
    return false;
  });
  assert.equal(total(), 412);
  assert.ok(copies.size >= 2, 'it was split');
  for (const { partitions } of copies.values())
    assert.equal(new Set(partitions).size, 1, 'copies share a partition');
});

test('a part that lacks its servers says what to configure', async (t) => {
  const dir = await temporaryFolder(t);
  const config = join(dir, 'none.yaml');
  await writeFile(config, 'log: { level: silent }\n');
  const collector = await halfopen('collector', '--config', config);
  assert.deepEqual([collector.code, collector.stdout], [2, '']);
  assert.match(
    collector.stderr,
    /works with Kafka: configure it, for example kafka: \{ brokers: \[kafka-1:9092\] \}/,
  );
  await writeFile(config, 'kafka: { brokers: ["127.0.0.1:1"] }\n');
  const ingest = await halfopen('ingest', '--config', config);
  assert.equal(ingest.code, 2);
  assert.match(ingest.stderr, /ClickHouse server: configure it/);
  await writeFile(config, 'kafka: { brokers: [localhost] }\n');
  assert.match(
    (await halfopen('collector', '--config', config)).stderr,
    /kafka\.brokers\.0: expected host:port/,
  );
  await writeFile(config, 'kafka: { brokers: ["k:9092"], sasl: { username: me } }\n');
  assert.match(
    (await halfopen('collector', '--config', config)).stderr,
    /kafka\.sasl: password and passwordFile/,
  );
  await writeFile(config, 'kafka: { brokers: ["k:9092"], topic: spans, rulesTopic: spans }\n');
  assert.match(
    (await halfopen('rules', '--config', config)).stderr,
    /kafka\.rulesTopic: expected a topic of its own, not spans again/,
  );
});

test('a part whose servers are away stops in order, and at once', async (t) => {
  const dir = await temporaryFolder(t);
  const engine = await EngineServer.open(dir);
  afterwards(t, () => engine.close());
  const config = join(dir, 'away.yaml');
  for (const [name, clickhouse] of [
    ['collector', 'http://127.0.0.1:1'],
    ['ingest', 'http://127.0.0.1:1'],
    ['ingest', engine.url],
  ] as const) {
    await writeFile(
      config,
      `collector: { port: 0 }
ingest: { port: 0 }
log: { level: silent }
kafka: { brokers: ["127.0.0.1:1"] }
clickhouse: { url: "${clickhouse}" }
`,
    );
    const process = await part(name, config);
    if (clickhouse === engine.url)
      await until('Kafka is what it waits for', async () =>
        (await (await fetch(`${process.url}/readyz`)).text()).includes('Kafka'),
      );
    // As a container engine does it, with the time that docker-compose.yml gives.
    const killing = setTimeout(() => void process.stop('SIGKILL'), 20_000);
    const { code } = await process.stop('SIGTERM');
    clearTimeout(killing);
    assert.equal(code, 0, name);
  }
});

test('a port that is taken is named by each part, with the key that changes it', async (t) => {
  const dir = await temporaryFolder(t);
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  afterwards(t, () => other.close());
  const { port } = other.address() as AddressInfo;
  const config = join(dir, 'taken.yaml');
  await writeFile(
    config,
    `collector: { port: ${port} }
ingest: { port: ${port} }
log: { level: silent }
kafka: { brokers: ["127.0.0.1:1"] }
clickhouse: { url: "http://127.0.0.1:1" }
`,
  );
  for (const name of ['collector', 'ingest']) {
    const { code, stderr } = await halfopen(name, '--config', config);
    assert.deepEqual(
      [code, stderr],
      [
        1,
        `halfopen: port ${port} is taken by another program: choose another with ${name}.port in the configuration\n`,
      ],
    );
  }
});
