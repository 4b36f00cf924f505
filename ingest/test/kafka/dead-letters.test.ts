import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, type TestContext } from 'node:test';
import { KafkaBroker } from '@halfopen/lab';
import { batchId } from '@halfopen/otlp';
import {
  ensureTopic,
  openKafkaDeadLetters,
  openKafkaDesk,
  type DeadLetterDesk,
  type KafkaDeadLetters,
} from '@halfopen/stream';
import { silentLog } from '../deployment.js';
import { FAULTS, planOf, type Fault } from '../faults.js';
import { malformedMessage, messageOf } from '../messages.js';
import { ModelStore } from '../model-store.js';
import { KafkaDeployment } from './deployment.js';

const dir = await mkdtemp(join(tmpdir(), 'halfopen-ingest-letters-'));
const broker = await KafkaBroker.start({ dir });
after(async () => {
  await broker.kill();
  await rm(dir, { recursive: true, force: true });
});
const connection = { brokers: [broker.address] };

/** A message with a name that long is unreadable to whoever has this limit: the ingest that is yet to be mended. */
const STRICT_ROW_BYTES = 64 * 1024;
const STRICT = { rowBytesMax: STRICT_ROW_BYTES };
const longSpan = (start: string) => messageOf([start + 'x'.repeat(STRICT_ROW_BYTES)], 1_790_000_003);

interface Scene {
  readonly store: ModelStore;
  readonly office: KafkaDeadLetters;
  readonly desk: DeadLetterDesk;
  readonly kafka: KafkaDeployment<KafkaDeadLetters>;
  readonly letterTopic: string;
}

let topics = 0;
async function scene(t: TestContext, partitions = 1): Promise<Scene> {
  const topic = `spans-${++topics}`;
  const letterTopic = `${topic}-dead-letters`;
  for (const each of [topic, letterTopic])
    await ensureTopic(connection, { topic: each, partitions, replicas: 1, retentionMs: 3_600_000 });
  const office = await openKafkaDeadLetters({ connection, topic: letterTopic, log: silentLog });
  const store = new ModelStore();
  const kafka = await KafkaDeployment.open(store, connection, topic, partitions, office);
  t.after(async () => {
    await kafka.close();
    await office.close();
  });
  const desk = openKafkaDesk({ connection, topic, letterTopic, batchIdOf: batchId });
  return { store, office, desk, kafka, letterTopic };
}

const spansIn = (store: ModelStore): string[] =>
  [
    ...store
      .bytes('otel_traces')
      .toString('latin1')
      .matchAll(/span-\d+;/g),
  ]
    .map(String)
    .sort();

const openIn = async (desk: DeadLetterDesk) => (await desk.open({}, 100)).letters;

for (const fault of FAULTS)
  test(`${nameOf(fault)} the topic of dead letters is written loses none, and lists none twice`, async (t) => {
    const { store, desk, kafka } = await scene(t);
    await kafka.publish([messageOf(['span-1;']), malformedMessage('bad-1;'), messageOf(['span-2;'], 7)]);
    await kafka.untilStored(planOf([{ step: 'whole-letters', fault }]));
    const letters = await openIn(desk);
    assert.deepEqual(
      letters.map(({ firstBytes, whole }) => [Buffer.from(firstBytes).toString('latin1', 2), whole]),
      [['bad-1;', true]],
    );
    assert.deepEqual(spansIn(store), ['span-1;', 'span-2;']);
  });

function nameOf(fault: Fault): string {
  const what = fault.kind === 'crash' ? 'a crash' : `a ${fault.retryable ? 'retryable' : 'final'} failure`;
  return `${what} ${fault.landed ? 'after' : 'before'}`;
}

test('a crash between the dead-letter topic and the commit leaves a copy there, which is known as one', async (t) => {
  const { store, desk, kafka, letterTopic } = await scene(t);
  await kafka.publish([malformedMessage('bad-1;')]);
  const crashes = ['whole-letters', 'dead-letters', 'ledger', 'commit'] as const;
  await kafka.untilStored(
    planOf(crashes.map((step) => ({ step, fault: { kind: 'crash', landed: step !== 'commit' } }))),
  );
  const copies = await kafka.recordsIn(letterTopic);
  assert.equal(copies, 5, 'each attempt left one');
  assert.equal((await openIn(desk)).length, 1);
  assert.equal(
    [
      ...store
        .bytes('dead_letters')
        .toString('latin1')
        .matchAll(/bad-1;/g),
    ].length,
    1,
  );
});

test('poison never blocks a partition: what comes behind it is stored', async (t) => {
  const { store, desk, kafka } = await scene(t);
  const bad = Array.from({ length: 300 }, (_, n) => malformedMessage(`bad-${n};`));
  const good = Array.from({ length: 50 }, (_, n) => messageOf([`span-${n};`], n));
  await kafka.publish([...bad.slice(0, 150), ...good.slice(0, 25), ...bad.slice(150), ...good.slice(25)]);
  const counters = await kafka.process();
  assert.deepEqual([counters?.deadLetters, counters?.deadLettersCut, counters?.spans], [300, 0, 50]);
  assert.equal(spansIn(store).length, 50);
  const { letters, more } = await desk.open({}, 100);
  assert.deepEqual([letters.length, more], [100, 200]);
});

test('what a mended version reads is stored once, over crashes of the offer and of the ingest', async (t) => {
  const { store, desk, kafka } = await scene(t, 2);
  const messages = [1, 2, 3].map((n) => longSpan(`span-${n};`));
  await kafka.publish(messages);
  const strict = await kafka.process(undefined, STRICT);
  assert.deepEqual([strict?.deadLetters, strict?.spans], [3, 0]);
  const letters = await openIn(desk);
  assert.equal(letters.length, 3);

  // Not mended yet: each comes back, at a place of its own.
  assert.deepEqual(await desk.offer(letters), ['offered', 'offered', 'offered']);
  assert.equal((await kafka.process(undefined, STRICT))?.deadLetters, 3);
  const again = await openIn(desk);
  assert.equal(again.length, 3);
  assert.ok(
    again.every(
      ({ offset, partition }) => !letters.some((l) => l.offset === offset && l.partition === partition),
    ),
  );

  // Two offer at once, as one does whose note was lost; and the senders try again, too.
  await Promise.all([desk.offer(again), desk.offer(again), kafka.publish(messages)]);
  await kafka.untilStored(planOf([{ step: 'spans', fault: { kind: 'crash', landed: true } }]));
  assert.deepEqual(spansIn(store), ['span-1;', 'span-2;', 'span-3;']);
  assert.deepEqual(await openIn(desk), []);
});
