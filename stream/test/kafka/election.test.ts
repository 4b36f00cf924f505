import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { batchId } from '@halfopen/otlp';
import {
  joinKafkaElection,
  openKafkaProducer,
  StreamError,
  watchKafkaProgress,
  type KafkaElection,
} from '../../src/index.js';
import { Cluster, KeptErrors, nextOf } from './cluster.js';

const cluster = await Cluster.start();
const PATIENCE_MS = 60_000;

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`not within a minute: ${what}`);
    await sleep(20);
  }
}

/** Members of one election, and what each was told in turn. */
class Members {
  readonly told: string[] = [];
  readonly #members = new Map<string, KafkaElection>();

  constructor(private readonly topic: string) {}

  async join(name: string): Promise<KafkaElection> {
    const member = await joinKafkaElection({
      connection: cluster.connection,
      topic: this.topic,
      group: `of-${this.topic}`,
      log: new KeptErrors(),
      onChange: (elected) => {
        this.told.push(`${name} ${elected ? 'elected' : 'deposed'}`);
      },
    });
    this.#members.set(name, member);
    return member;
  }

  elected(): string[] {
    return [...this.#members].filter(([, member]) => member.elected()).map(([name]) => name);
  }
}

test('of those who stand one is elected; as it leaves another is, and never two', async () => {
  const members = new Members(await cluster.topic(1));
  const first = await members.join('first');
  await until('somebody is elected', () => members.elected().length === 1);
  const second = await members.join('second');
  const third = await members.join('third');
  const order = [first, second, third];
  for (let left = 3; left > 0; left--) {
    await until(`one of ${left} is elected`, () => members.elected().length === 1);
    const [name] = members.elected();
    if (left === 3) assert.equal(name, 'first', 'who is in office stays while others join');
    const at = ['first', 'second', 'third'].indexOf(name ?? '');
    await order[at]?.close();
    assert.ok(!members.elected().includes(name ?? ''));
  }
  let inOffice: string | undefined;
  for (const told of members.told) {
    const [name, what] = told.split(' ');
    if (what === 'elected')
      assert.equal(inOffice, undefined, `${told} while ${inOffice} was: ${members.told.join()}`);
    inOffice = what === 'elected' ? name : undefined;
  }
});

test('a topic that somebody made with more partitions elects one all the same', async () => {
  const members = new Members(await cluster.topic(3));
  const all = [await members.join('first'), await members.join('second'), await members.join('third')];
  // Whoever ends up with which of the partitions: as each leaves, the rest is shared out anew.
  for (const member of all) {
    await until('one is elected', () => members.elected().length === 1);
    await member.close();
  }
  const office = members.told.map((told) => told.split(' ')[1]);
  office.forEach((what, at) => {
    assert.equal(what, at % 2 === 0 ? 'elected' : 'deposed', members.told.join());
  });
});

test('an election needs a broker, and gives up when told to', async () => {
  const stop = new AbortController();
  const joining = joinKafkaElection({
    connection: { brokers: ['127.0.0.1:1'] },
    topic: 'none',
    group: 'none',
    log: new KeptErrors(),
    onChange: () => undefined,
    signal: stop.signal,
  });
  stop.abort();
  await assert.rejects(joining, (error) => error instanceof StreamError && error.code === 'unavailable');
});

test('progress follows what is published and committed, and stands still where nobody commits', async () => {
  const topic = await cluster.topic(3);
  const group = `of-${topic}`;
  const producer = await openKafkaProducer({ connection: cluster.connection, topic });
  const progress = watchKafkaProgress({
    connection: cluster.connection,
    topic,
    group,
    log: new KeptErrors(),
    periodMs: 50,
  });
  const storedUntil = () => progress.storedUntilMs() ?? 0;
  try {
    const empty = Date.now();
    await until('an empty topic is stored to the present', () => storedUntil() > empty);
    const texts = Array.from({ length: 30 }, (_, n) => Buffer.from(`message ${n}`));
    await Promise.all(texts.map((text) => producer.publish(batchId(text), text)));
    const published = Date.now();
    await until('they are seen to wait', () => progress.pending() === 30);
    assert.ok(storedUntil() < published);
    const consumer = await cluster.consumer(topic);
    for (let records = 0; records < 30;) {
      assert.ok(storedUntil() < published, 'nothing moves before all three partitions have');
      const range = await nextOf(consumer);
      await consumer.intend(range);
      await consumer.commit(range);
      records += range.records.length;
    }
    await until('all is stored', () => storedUntil() > published);
    assert.equal(progress.pending(), 0);
    assert.equal(progress.obstacle(), undefined);
    await consumer.close();
  } finally {
    await progress.close();
    await producer.close();
  }
});

test('progress says that no broker is reached, and goes on when one is', async () => {
  const topic = await cluster.topic(1);
  await cluster.broker.stop();
  const progress = watchKafkaProgress({
    connection: cluster.connection,
    topic,
    group: 'nobody',
    log: new KeptErrors(),
    periodMs: 50,
  });
  try {
    await until('it says so', () =>
      /no answer|not reached|transport|broker/i.test(progress.obstacle() ?? ''),
    );
    assert.equal(progress.storedUntilMs(), undefined);
    await cluster.broker.restart();
    await until('it goes on', () => progress.obstacle() === undefined);
    const now = Date.now();
    await until('and is in the present', () => (progress.storedUntilMs() ?? 0) > now);
  } finally {
    await progress.close();
  }
});
