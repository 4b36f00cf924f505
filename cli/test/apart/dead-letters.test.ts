import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { startIngest } from '@halfopen/ingest';
import { KafkaBroker } from '@halfopen/lab';
import { batchId } from '@halfopen/otlp';
import { openServerStore } from '@halfopen/store';
import { ensureTopic, openKafkaConsumer, openKafkaDeadLetters, openKafkaProducer } from '@halfopen/stream';
import { afterwards } from '../afterwards.js';
import { CONTROL, largeMessage } from '../dead-letters/large-message.js';
import { halfopen, part, temporaryFolder } from '../halfopen.js';
import { until } from '../until.js';
import { EngineServer } from './engine-server.js';

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

test('across machines: what an older ingest could not read is listed, and offered once to a newer one', async (t) => {
  const dir = await temporaryFolder(t);
  const broker = await KafkaBroker.start({ dir: join(dir, 'broker') });
  afterwards(t, () => broker.kill());
  const engine = await EngineServer.open(dir);
  afterwards(t, () => engine.close());
  const connection = { brokers: [broker.address] };
  const [topic, letterTopic] = ['spans', 'unread'];
  for (const each of [topic, letterTopic])
    await ensureTopic(connection, { topic: each, partitions: 2, replicas: 1, retentionMs: 3_600_000 });
  const producer = await openKafkaProducer({ connection, topic });
  afterwards(t, () => producer.close());
  const publish = (value: Uint8Array) => producer.publish(batchId(value), value);
  const messages = ['first', 'second', 'third'].map((name) => largeMessage(name, 20, 10_000));
  for (const message of messages) await publish(message);
  await publish(Buffer.from('\u001b[2J no protobuf'));

  // Older: rows of 64 KiB are too large for it.
  const store = await openServerStore({ url: engine.url });
  const deadLetters = await openKafkaDeadLetters({ connection, topic: letterTopic, log: QUIET });
  const consumer = await openKafkaConsumer({
    connection,
    topic,
    group: 'halfopen-ingest',
    batchIdOf: batchId,
    log: QUIET,
  });
  const older = startIngest({ consumer, store, deadLetters, log: QUIET, rowBytesMax: 64 * 1024 });
  await until('the older one has put all aside', () => older.counters().deadLetters === 4);
  await older.stop();
  await consumer.close();
  await deadLetters.close();
  await store.close();

  const config = join(dir, 'apart.yaml');
  await writeFile(
    config,
    `ingest: { port: 0 }
log: { level: silent }
kafka: { brokers: ["${broker.address}"], topic: ${topic}, deadLetterTopic: ${letterTopic}, partitions: 2, replicas: 1 }
clickhouse: { url: "${engine.url}" }
`,
  );
  const at = ['--config', config];
  const text = await halfopen('dead-letters', 'list', ...at);
  assert.equal(text.code, 0, text.stderr);
  assert.doesNotMatch(text.stdout, CONTROL);
  assert.match(text.stdout, /\n\n4 open\n$/);
  const listed = async (...args: string[]) =>
    (await halfopen('dead-letters', 'list', '--json', ...args, ...at)).stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { position: string; reason: string });
  const [first] = await listed('--reason', 'rows-too-large', '--limit', '1');

  const newer = await part('ingest', config);
  const stored = () =>
    engine.query<{ name: string; rows: number }>(
      'SELECT SpanName AS name, toUInt32(count()) AS rows FROM otel_traces GROUP BY name ORDER BY name',
    );
  const one = await halfopen('dead-letters', 'offer', first?.position ?? '', ...at);
  assert.deepEqual([one.code, one.stdout], [0, '1 offered again\n'], one.stderr);
  await until('it is stored', async () => (await stored()).length === 1);
  // Two people at once, and the senders once more.
  const both = await Promise.all([
    halfopen('dead-letters', 'offer', '--all', ...at),
    halfopen('dead-letters', 'offer', '--all', ...at),
    ...messages.map(publish),
  ]);
  assert.deepEqual(
    both.slice(0, 2).map((outcome) => outcome?.code),
    [0, 0],
  );
  await until('all is stored', async () => (await stored()).length === 3);
  const counted = async (name: string) => {
    const metrics = await (await fetch(`${newer.url}/metrics`)).text();
    return Number(new RegExp(`^halfopen_ingest_${name}_total (\\d+)`, 'm').exec(metrics)?.[1]);
  };
  await until('what is no protobuf has come back', async () => (await counted('dead_letters')) === 1);
  await until('the senders’ copies are dropped', async () => (await counted('resent')) >= 3);
  assert.deepEqual(
    await stored(),
    ['first', 'second', 'third'].map((name) => ({ name, rows: 20 })),
  );
  assert.deepEqual(
    (await listed()).map(({ reason }) => reason),
    ['bad-wire-type'],
  );
  const none = await halfopen('dead-letters', 'offer', first?.position ?? '', ...at);
  assert.deepEqual([none.code, none.stdout], [1, '0 offered again\n']);
  assert.equal((await newer.stop('SIGTERM')).code, 0);
});

test('a cluster that does not answer is told in a line; dead letters need a topic of their own', async (t) => {
  const dir = await temporaryFolder(t);
  const config = join(dir, 'none.yaml');
  await writeFile(config, 'kafka: { brokers: ["127.0.0.1:1"] }\n');
  const { code, stdout, stderr } = await halfopen('dead-letters', 'list', '--config', config);
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /^halfopen: topic halfopen-spans-dead-letters can't be read: .*\n$/);
  await writeFile(config, 'kafka: { brokers: ["127.0.0.1:1"], topic: a, deadLetterTopic: a }\n');
  const same = await halfopen('config', 'check', '--config', config);
  assert.equal(same.code, 2);
  assert.match(same.stderr, /kafka\.deadLetterTopic: expected a topic of its own/);
});
