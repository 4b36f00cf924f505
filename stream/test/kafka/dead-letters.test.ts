import assert from 'node:assert/strict';
import test from 'node:test';
import { batchId } from '@halfopen/otlp';
import {
  ensureTopic,
  openKafkaDeadLetters,
  openKafkaDesk,
  openKafkaProducer,
  type DeadLetter,
  type DeadLetterDesk,
  type KafkaDeadLetters,
} from '../../src/index.js';
import { TopicWriter } from '../../src/kafka/producer.js';
import { Cluster, KeptErrors, nextOf, textsOf } from './cluster.js';

const cluster = await Cluster.start();
const { connection } = cluster;

/** A letter of the text, at this offset of partition 3. */
function letterOf(text: string, offset: bigint, topic = 'spans'): DeadLetter {
  const value = Buffer.from(text);
  return {
    topic,
    partition: 3,
    record: { offset, appendedAtMs: 1_790_000_000_000 + Number(offset), batchId: batchId(value), value },
    reason: 'truncated',
    message: 'malformed protobuf at byte 1: \u001b[31mthe bytes end',
    errorOffset: 1,
  };
}

interface Scene {
  readonly topic: string;
  readonly letterTopic: string;
  readonly office: KafkaDeadLetters;
  readonly desk: DeadLetterDesk;
  readonly log: KeptErrors;
}

async function scene(
  t: { after(end: () => Promise<void>): void },
  partitions = 2,
  messageBytesMax = 1_000_000,
): Promise<Scene> {
  const topic = await cluster.topic(partitions);
  const letterTopic = `${topic}-dead-letters`;
  await ensureTopic(connection, {
    topic: letterTopic,
    partitions,
    replicas: 1,
    retentionMs: 3_600_000,
    messageBytesMax,
  });
  const log = new KeptErrors();
  const office = await openKafkaDeadLetters({ connection, topic: letterTopic, log });
  t.after(() => office.close());
  const desk = openKafkaDesk({ connection, topic, letterTopic, batchIdOf: batchId });
  return { topic, letterTopic, office, desk, log };
}

const ALL = {};

test('what is kept is listed, the oldest first, copies of a position once', async (t) => {
  const { office, desk } = await scene(t);
  assert.deepEqual(await desk.open(ALL, 10), { letters: [], more: 0 });
  const letters = [letterOf('two', 2n), letterOf('one', 1n), letterOf('three', 3n)];
  assert.equal(await office.keep(letters), 0);
  assert.equal(await office.keep(letters.slice(1)), 0, 'a replay');
  const found = await desk.open(ALL, 2);
  assert.equal(found.more, 1);
  assert.deepEqual(
    found.letters.map(({ offset, firstBytes }) => [offset, Buffer.from(firstBytes).toString()]),
    [
      [1n, 'one'],
      [2n, 'two'],
    ],
  );
  assert.deepEqual(found.letters[0], {
    topic: 'spans',
    partition: 3,
    offset: 1n,
    reason: 'truncated',
    message: 'malformed protobuf at byte 1: \u001b[31mthe bytes end',
    errorOffset: 1,
    appendedAtMs: 1_790_000_000_001,
    bytes: 3,
    whole: true,
    firstBytes: Buffer.from('one'),
  });
  assert.deepEqual((await desk.open({ reason: 'other' }, 10)).letters, []);
  assert.equal((await desk.open({ sinceMs: 1_790_000_000_002 }, 10)).letters.length, 2);
});

test('an offered letter is in the stream again under an id of its own, and open no more', async (t) => {
  const { topic, office, desk } = await scene(t);
  const letter = letterOf('again', 7n);
  await office.keep([letter, letterOf('stays', 8n)]);
  const position = { topic: 'spans', partition: 3, offset: 7n };
  assert.deepEqual(await desk.offer([position, { ...position, offset: 99n }]), ['offered', 'not-open']);
  const consumer = await cluster.consumer(topic);
  t.after(() => consumer.close());
  const range = await nextOf(consumer);
  assert.deepEqual(textsOf(range), ['again']);
  const [record] = range.records;
  assert.equal(record?.batchId, batchId(letter.record.value, letter.record.batchId));
  assert.notEqual(record.batchId, letter.record.batchId);
  assert.deepEqual(
    (await desk.open(ALL, 10)).letters.map(({ offset }) => offset),
    [8n],
  );
  assert.deepEqual(await desk.offer([position]), ['not-open']);
  // A replay that ends behind the offer leaves a copy: it is known.
  await office.keep([letter]);
  assert.equal((await desk.open(ALL, 10)).letters.length, 1);
});

test('two that offer at once make copies, in one partition and under one id', async (t) => {
  const { topic, office, desk } = await scene(t, 4);
  const letters = Array.from({ length: 20 }, (_, n) => letterOf(`letter ${n}`, BigInt(n)));
  await office.keep(letters);
  const positions = letters.map(({ record }) => ({ topic: 'spans', partition: 3, offset: record.offset }));
  await Promise.all([desk.offer(positions), desk.offer(positions)]);
  const consumer = await cluster.consumer(topic);
  t.after(() => consumer.close());
  const places = new Map<string, Set<number>>();
  let records = 0;
  while (places.size < letters.length || !consumer.status().caughtUp) {
    const range = await nextOf(consumer);
    records += range.records.length;
    for (const { batchId: id } of range.records)
      places.set(id, (places.get(id) ?? new Set<number>()).add(range.partition));
    await consumer.commit(range);
  }
  assert.ok(records >= 20 && records <= 40, `${records} records`);
  for (const partitions of places.values()) assert.equal(partitions.size, 1);
  assert.deepEqual((await desk.open(ALL, 10)).letters, []);
});

test('a letter that the topic does not take is cut, said so, and holds nothing up', async (t) => {
  const { office, desk, log } = await scene(t, 1, 5_000);
  const noise = Array.from({ length: 20_000 }, (_, n) => batchId(Buffer.from(String(n)))).join('');
  const small = Array.from({ length: 50 }, (_, n) =>
    letterOf(`${n} ${noise.slice(n * 1000, n * 1000 + 900)}`, BigInt(n)),
  );
  assert.equal(await office.keep([letterOf(noise, 100n), ...small]), 1, 'those that fit alone are whole');
  assert.equal(log.errors.length, 1);
  assert.match(log.errors[0] ?? '', /max\.message\.bytes.*spans-3-100/);
  const { letters } = await desk.open(ALL, 100);
  assert.deepEqual(
    letters.filter(({ whole }) => !whole).map(({ offset, bytes }) => [offset, bytes]),
    [[100n, noise.length]],
  );
  assert.equal((await desk.open({ wholeOnly: true }, 100)).letters.length, 50);
  const position = { topic: 'spans', partition: 3, offset: 100n };
  assert.deepEqual(await desk.offer([position]), ['cut']);
});

test('what the stream does not take stays open', async (t) => {
  const { office, desk } = await scene(t, 1, 8_000_000);
  // Kafka's own default for a topic is a little over 1 MB.
  const noise = Buffer.from(
    Array.from({ length: 40_000 }, (_, n) => batchId(Buffer.from(String(n)))).join(''),
    'latin1',
  );
  const value = Buffer.concat([noise, noise.map((byte, index) => byte ^ (index % 251))]);
  const letter = {
    ...letterOf('', 5n),
    record: { ...letterOf('', 5n).record, value, batchId: batchId(value) },
  };
  assert.equal(await office.keep([letter]), 0);
  const position = { topic: 'spans', partition: 3, offset: 5n };
  assert.deepEqual(await desk.offer([position]), ['too-large']);
  assert.equal((await desk.open(ALL, 10)).letters.length, 1);
});

test('what others write into the topic is stepped over', async (t) => {
  const { letterTopic, office, desk } = await scene(t, 1);
  const writer = await TopicWriter.open({ connection, topic: letterTopic }, 'test');
  const good = {
    'halfopen-source-topic': 'spans',
    'halfopen-source-partition': '0',
    'halfopen-source-offset': '1',
    'halfopen-source-time': '2026-10-01T00:00:00Z',
    'halfopen-reason': 'truncated',
    'halfopen-message': 'x',
    'halfopen-error-offset': '0',
    'halfopen-bytes': '3',
  };
  const id = batchId(Buffer.from('bad'));
  const value = Buffer.from('bad');
  await writer.write(id, value, {});
  for (const change of [
    { 'halfopen-source-topic': '../etc' },
    { 'halfopen-source-partition': '-1' },
    { 'halfopen-source-offset': '9'.repeat(30) },
    { 'halfopen-source-time': 'yesterday' },
    { 'halfopen-reason': '\u001b]0;owned\u0007' },
    { 'halfopen-bytes': '1e9' },
    { 'halfopen-error-offset': '' },
  ])
    await writer.write(id, value, { ...good, ...change });
  await writer.write('no batch id', value, good);
  await writer.write(id, value, good);
  await writer.close();
  await office.keep([letterOf('ours', 1n)]);
  assert.deepEqual(
    (await desk.open(ALL, 10)).letters.map(({ topic, partition }) => [topic, partition]),
    [
      ['spans', 3],
      ['spans', 0],
    ],
  );
});

test('a header that is no batch id offers nothing: such a message is as any other', async (t) => {
  const topic = await cluster.topic(1);
  const producer = await openKafkaProducer({ connection, topic });
  const value = Buffer.from('plain');
  for (const offerOf of ['', 'z'.repeat(32), 'ab'.repeat(40)])
    await producer.publish(batchId(value), value, offerOf);
  await producer.close();
  const consumer = await cluster.consumer(topic);
  t.after(() => consumer.close());
  for (const { batchId: id } of (await nextOf(consumer)).records) assert.equal(id, batchId(value));
});

test('a topic that is not there is named', async () => {
  const desk = openKafkaDesk({ connection, topic: 'a', letterTopic: 'no-such', batchIdOf: batchId });
  await assert.rejects(desk.open(ALL, 1), { code: 'unavailable', message: /no-such/ });
});
