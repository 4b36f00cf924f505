import assert from 'node:assert/strict';
import test from 'node:test';
import { batchId } from '@halfopen/otlp';
import { loadKafka } from '../../src/kafka/client.js';
import {
  ensureTopic,
  openKafkaConsumer,
  openKafkaProducer,
  RevokedError,
  StreamError,
  type KafkaProducer,
  type KafkaRangeConsumer,
} from '../../src/index.js';
import { Cluster, KeptErrors, nextOf, textsOf } from './cluster.js';

const cluster = await Cluster.start({
  'group.consumer.session.timeout.ms': 6000,
  'group.consumer.min.session.timeout.ms': 6000,
});

async function publishing<T>(topic: string, work: (producer: KafkaProducer) => Promise<T>): Promise<T> {
  const producer = await openKafkaProducer({ connection: cluster.connection, topic });
  try {
    return await work(producer);
  } finally {
    await producer.close();
  }
}

async function consuming<T>(
  opened: Promise<KafkaRangeConsumer>,
  work: (consumer: KafkaRangeConsumer) => Promise<T>,
): Promise<T> {
  const consumer = await opened;
  try {
    return await work(consumer);
  } finally {
    await consumer.close();
  }
}

const publish = (producer: KafkaProducer, ...texts: readonly string[]) =>
  Promise.all(texts.map((text) => producer.publish(batchId(Buffer.from(text)), Buffer.from(text))));

const numbered = (count: number, prefix = 'm') => Array.from({ length: count }, (_, n) => `${prefix}${n}`);

/** Takes and stores until so many records are there. */
async function drain(consumer: KafkaRangeConsumer, count: number): Promise<Map<number, string[]>> {
  const got = new Map<number, string[]>();
  for (let records = 0; records < count;) {
    const range = await nextOf(consumer);
    await consumer.intend(range);
    await consumer.commit(range);
    got.set(range.partition, [...(got.get(range.partition) ?? []), ...textsOf(range)]);
    records += range.records.length;
  }
  return got;
}

const isCode = (code: StreamError['code']) => (error: unknown) =>
  error instanceof StreamError && error.code === code;

// First, since the client goes on trying for half a minute, whatever it has been told.
test('where no broker is, each says so, and soon', async () => {
  const at = { connection: { brokers: ['127.0.0.1:1'] }, topic: 'none', connectMs: 500 };
  const log = new KeptErrors();
  await assert.rejects(openKafkaProducer(at), isCode('unavailable'));
  await assert.rejects(
    openKafkaConsumer({ ...at, group: 'none', batchIdOf: batchId, log }),
    isCode('unavailable'),
  );
  await assert.rejects(
    ensureTopic(at.connection, { ...at, partitions: 1, replicas: 1, retentionMs: 1000 }),
    isCode('unavailable'),
  );
});

test('what is acknowledged is offered once, in order; copies share a partition', async () => {
  const topic = await cluster.topic(3);
  const texts = numbered(200);
  await publishing(topic, async (producer) => {
    await publish(producer, ...texts);
    await publish(producer, ...texts.slice(0, 50));
  });
  await consuming(cluster.consumer(topic), async (consumer) => {
    const got = await drain(consumer, 250);
    assert.equal(got.size, 3);
    const all = [...got.values()].flat();
    assert.deepEqual([...new Set(all)].sort(), [...texts].sort());
    for (const [partition, there] of got)
      for (const text of there.filter((one) => texts.indexOf(one) < 50))
        assert.equal(there.filter((one) => one === text).length, 2, `both copies of ${text} in ${partition}`);
    assert.deepEqual(consumer.lag(), { records: 0, bytes: 0, oldestAppendedAtMs: undefined });
  });
});

test('a record carries the broker’s time, the hash of its bytes, and its offset', async () => {
  const topic = await cluster.topic(1);
  const before = Date.now();
  await publishing(topic, (producer) => publish(producer, 'a', 'b'));
  await consuming(cluster.consumer(topic), async (consumer) => {
    const range = await nextOf(consumer);
    assert.deepEqual(
      range.records.map(({ offset, batchId: id }) => [offset, id]),
      range.records.map(({ value }, n) => [BigInt(n), batchId(value)]),
    );
    for (const { appendedAtMs: at } of range.records) assert.ok(at >= before && at <= Date.now(), String(at));
    assert.deepEqual([range.topic, range.partition, range.begin, range.end], [topic, 0, 0n, 2n]);
    assert.equal(range.replayed, false);
    const { records, bytes, oldestAppendedAtMs: oldest } = consumer.lag();
    assert.deepEqual([records, bytes, oldest], [2, 2, range.records[0]?.appendedAtMs]);
  });
});

test('a range that was intended is offered again as it was, whatever has come since; then what follows it', async () => {
  const topic = await cluster.topic(1);
  await publishing(topic, async (producer) => {
    await publish(producer, ...numbered(5));
    const first = await consuming(cluster.consumer(topic, { rangeRecordsMax: 3 }), async (consumer) => {
      const range = await nextOf(consumer);
      await consumer.intend(range);
      await consumer.intend(range);
      return range;
    });
    assert.deepEqual(textsOf(first), ['m0', 'm1', 'm2']);
    await publish(producer, ...numbered(5, 'later-'));
    await consuming(cluster.consumer(topic), async (consumer) => {
      const again = await nextOf(consumer);
      assert.deepEqual({ ...again, replayed: false }, { ...first, replayed: false });
      assert.equal(again.replayed, true);
      assert.equal(await nextOf(consumer), again, 'and again, as long as it is not committed');
      await consumer.intend(again);
      await consumer.commit(again);
      const next = await nextOf(consumer);
      assert.deepEqual([next.begin, next.replayed], [first.end, false]);
      assert.deepEqual(textsOf(next).slice(0, 3), ['m3', 'm4', 'later-0']);
    });
  });
});

test('a range that was only taken is offered anew', async () => {
  const topic = await cluster.topic(1);
  await publishing(topic, (producer) => publish(producer, ...numbered(4)));
  await consuming(cluster.consumer(topic, { rangeRecordsMax: 2 }), nextOf);
  await consuming(cluster.consumer(topic), async (consumer) => {
    const range = await nextOf(consumer);
    assert.deepEqual([range.replayed, range.begin, range.end], [false, 0n, 4n]);
  });
});

test('partitions move to who joins; a range of one that has gone can be neither intended nor committed', async () => {
  const topic = await cluster.topic(4);
  await publishing(topic, async (producer) => {
    await publish(producer, ...numbered(400));
    const outs = new Map<number, string[]>();
    await consuming(cluster.consumer(topic, { rangeRecordsMax: 10 }), async (first) => {
      const out = await nextOf(first);
      await first.intend(out);
      await consuming(cluster.consumer(topic, { rangeRecordsMax: 10 }), async (second) => {
        const theirs = await nextOf(second);
        await second.intend(theirs);
        await second.commit(theirs);
        outs.set(theirs.partition, textsOf(theirs));
        assert.equal(first.status().partitions + second.status().partitions, 4);
        const moved = theirs.partition === out.partition;
        if (moved) {
          assert.deepEqual([theirs.begin, theirs.end, theirs.replayed], [out.begin, out.end, true]);
          await assert.rejects(first.intend(out), RevokedError);
          await assert.rejects(first.commit(out), RevokedError);
        } else {
          await first.commit(out);
          outs.set(out.partition, textsOf(out));
        }
      });
      const left = 400 - [...outs.values()].flat().length;
      const rest = await drain(first, left);
      const all = [...outs.values(), ...rest.values()].flat();
      assert.deepEqual(all.sort(), numbered(400).sort(), 'each once, over both');
    });
    const closed = await cluster.consumer(topic);
    await publish(producer, 'last');
    const range = await nextOf(closed);
    await closed.close();
    await assert.rejects(closed.commit(range), RevokedError);
  });
});

test('a consumer that is held up holds few bytes, and misses nothing once it goes on', async () => {
  const topic = await cluster.topic(2);
  const texts = numbered(3000).map((text) => text.padEnd(1000, '.'));
  await publishing(topic, (producer) => publish(producer, ...texts));
  const limits = { pendingBytesMax: 200_000, fetchedBytesMax: 102_400, rangeRecordsMax: 50 };
  await consuming(cluster.consumer(topic, limits), async (consumer) => {
    const first = await nextOf(consumer);
    await new Promise((resolve) => setTimeout(resolve, 2000)); // time enough to fetch all, were it not held
    // One call of consume brings what fits, as far as the messages are as large as those before.
    assert.ok(consumer.lag().bytes <= 2 * limits.pendingBytesMax, `${consumer.lag().bytes} bytes`);
    await consumer.intend(first);
    await consumer.commit(first);
    const rest = await drain(consumer, texts.length - first.records.length);
    assert.deepEqual([...rest.values(), textsOf(first)].flat().sort(), [...texts].sort());
  });
});

test('partitions that were held up, given away and given back go on', async (t) => {
  const topic = await cluster.topic(2);
  const texts = numbered(2000).map((text) => text.padEnd(1000, '.'));
  await publishing(topic, (producer) => publish(producer, ...texts));
  const limits = { pendingBytesMax: 200_000, fetchedBytesMax: 102_400, rangeRecordsMax: 50 };
  await consuming(cluster.consumer(topic, limits), async (first) => {
    const out = await nextOf(first);
    const until = async (what: string, holds: () => boolean) => {
      for (const deadline = Date.now() + 60_000; !holds();) {
        if (Date.now() > deadline) throw new Error(`not in a minute: ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    await until('it is held up', () => first.lag().bytes >= limits.pendingBytesMax);
    await consuming(cluster.consumer(topic, limits), async (second) => {
      await until('a partition has moved', () => second.status().partitions === 1);
    });
    await until('it has come back', () => first.status().partitions === 2);
    const done = await first.commit(out).then(
      () => out.records.length,
      () => 0, // its partition was the one that moved
    );
    const rest = await drain(first, texts.length - done);
    assert.equal([...rest.values()].flat().length, texts.length - done);
    t.diagnostic(done === 0 ? 'the partition that was out moved' : 'the other partition moved');
  });
});

test('messages of other producers are taken too, whatever their key; an empty one is an empty message', async () => {
  const topic = await cluster.topic(1);
  const { Kafka } = loadKafka().KafkaJS;
  const other = new Kafka({}).producer({ 'bootstrap.servers': cluster.broker.address });
  await other.connect();
  await other.send({ topic, messages: [{ key: 'f'.repeat(32), value: 'theirs' }] });
  await other.send({ topic, messages: [{ key: null, value: null }] });
  await other.disconnect();
  await consuming(cluster.consumer(topic), async (consumer) => {
    const got: string[] = [];
    while (got.length < 2) {
      const range = await nextOf(consumer);
      for (const { batchId: id, value } of range.records) {
        assert.equal(id, batchId(value));
        got.push(Buffer.from(value).toString());
      }
      await consumer.intend(range);
      await consumer.commit(range);
    }
    assert.deepEqual(got, ['theirs', '']);
  });
});

test('what the topic’s retention has taken before it was stored is told, with how much it was', async () => {
  const topic = await cluster.topic(1);
  await publishing(topic, (producer) => publish(producer, ...numbered(10)));
  await consuming(cluster.consumer(topic, { rangeRecordsMax: 2 }), async (consumer) => {
    const range = await nextOf(consumer);
    await consumer.intend(range);
    await consumer.commit(range);
  });
  const { Kafka } = loadKafka().KafkaJS;
  const admin = new Kafka({}).admin({ 'bootstrap.servers': cluster.broker.address });
  await admin.connect();
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '7' }] });
  await admin.disconnect();
  const log = new KeptErrors();
  await consuming(cluster.consumer(topic, {}, log), async (consumer) => {
    assert.deepEqual(textsOf(await nextOf(consumer)), ['m7', 'm8', 'm9']);
    assert.equal(consumer.status().lostToRetention, 5n);
    assert.match(log.errors.join(), /messages are lost: .*"messages":"5"/);
  });
});

test('a topic is made once', async () => {
  const options = { topic: 'made-once', partitions: 2, replicas: 1, retentionMs: 60_000 };
  assert.deepEqual(
    [await ensureTopic(cluster.connection, options), await ensureTopic(cluster.connection, options)],
    [true, false],
  );
});

test('a message that is too large is refused as such, and disturbs no other', async () => {
  const topic = await cluster.topic(1);
  await publishing(topic, async (producer) => {
    const large = Buffer.alloc(producer.messageBytesMax + 1);
    const fits = Buffer.alloc(producer.messageBytesMax, 'x');
    const others = publish(producer, ...numbered(20));
    await assert.rejects(producer.publish(batchId(large), large), isCode('too-large'));
    await producer.publish(batchId(fits), fits);
    await others;
  });
});

test('a broker that is killed and comes back loses nothing that was acknowledged, and doubles nothing', async () => {
  const topic = await cluster.topic(2);
  await publishing(topic, async (producer) => {
    const acknowledged: string[] = [];
    const stop = new AbortController();
    const sending = (async () => {
      for (let n = 0; !stop.signal.aborted; n++) {
        const text = `k${n}`;
        await publish(producer, text).then(
          () => acknowledged.push(text),
          (error: unknown) => {
            assert.ok(isCode('unavailable')(error), String(error));
          },
        );
      }
    })();
    while (acknowledged.length < 20) await new Promise((resolve) => setTimeout(resolve, 10));
    await cluster.broker.kill();
    await cluster.broker.restart();
    const before = acknowledged.length;
    while (acknowledged.length < before + 20) await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort();
    await sending;
    await consuming(cluster.consumer(topic), async (consumer) => {
      const got = [...(await drain(consumer, acknowledged.length)).values()].flat();
      assert.equal(new Set(got).size, got.length, 'none twice');
      assert.deepEqual(
        acknowledged.filter((text) => !got.includes(text)),
        [],
      );
    });
  });
});
