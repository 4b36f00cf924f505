import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { openMemoryStream, rangeToken, type MemoryStream, type MemoryStreamLimits } from '../../src/index.js';
import { temporaryFolder } from './folder.js';

const log = { error: (_fields: object, message: string) => assert.fail(message) };
const never = new AbortController().signal;

async function open(dir: string, limits: Partial<MemoryStreamLimits> = {}): Promise<MemoryStream> {
  return openMemoryStream({ dir, limits: { lingerMs: 0, ...limits }, log });
}

async function openInNewFolder(
  t: TestContext,
  limits: Partial<MemoryStreamLimits> = {},
): Promise<MemoryStream> {
  return open(await temporaryFolder(t), limits);
}

function batchId(n: number): string {
  return n.toString(16).padStart(32, '0');
}

/** Publishes messages of these lengths; the promises in order. */
function publishAll(stream: MemoryStream, lengths: readonly number[]): Promise<void>[] {
  return lengths.map((length, i) => stream.producer.publish(batchId(i), new Uint8Array(length).fill(i)));
}

async function nextRange(stream: MemoryStream) {
  const range = await stream.consumer.next(never);
  assert.ok(range !== undefined);
  return range;
}

test('what waits is handed out as one range, and its publishers are answered at the commit', async (t) => {
  const stream = await openInNewFolder(t);
  const answered: number[] = [];
  const published = publishAll(stream, [1, 2, 3]).map((promise, i) => promise.then(() => answered.push(i)));
  const range = await nextRange(stream);
  assert.deepEqual([range.begin, range.end, range.replayed], [0n, 3n, false]);
  assert.deepEqual(
    range.records.map(({ offset, batchId: id, value }) => [offset, id, value.length]),
    [
      [0n, batchId(0), 1],
      [1n, batchId(1), 2],
      [2n, batchId(2), 3],
    ],
  );
  await stream.consumer.intend(range);
  assert.deepEqual(answered, []);
  await stream.consumer.commit(range);
  await Promise.all(published);
  assert.deepEqual(answered, [0, 1, 2]);
});

test('the same bytes published twice at once: both publishers are answered', async (t) => {
  const stream = await openInNewFolder(t);
  const value = new Uint8Array(4);
  const published = [stream.producer.publish(batchId(1), value), stream.producer.publish(batchId(1), value)];
  const range = await nextRange(stream);
  assert.equal(range.records.length, 2);
  await stream.consumer.commit(range);
  await Promise.all(published);
});

test('a range holds at most so many records and bytes; a larger message goes alone', async (t) => {
  const stream = await openInNewFolder(t, { rangeRecordsMax: 3, rangeBytesMax: 10 });
  const published = publishAll(stream, [1, 1, 1, 1, 9, 1, 11, 1]);
  const sizes: number[][] = [];
  for (let stored = 0; stored < published.length;) {
    const range = await nextRange(stream);
    sizes.push(range.records.map(({ value }) => value.length));
    stored += range.records.length;
    await stream.consumer.commit(range);
  }
  assert.deepEqual(sizes, [[1, 1, 1], [1, 9], [1], [11], [1]]);
  await Promise.all(published);
});

test('a first record waits for company until the linger is over', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const stream = await openInNewFolder(t, { lingerMs: 25 });
  let handedOut = 0;
  const next = nextRange(stream).then((range) => (handedOut = range.records.length));
  publishAll(stream, [1]);
  t.mock.timers.tick(24);
  await Promise.resolve();
  assert.equal(handedOut, 0);
  publishAll(stream, [1]);
  t.mock.timers.tick(1);
  assert.equal(await next, 2);
});

test('a trickle waits until storing has rested; what is more than a trickle does not', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now_ms = 0;
  t.mock.method(performance, 'now', () => now_ms);
  const stream = await openInNewFolder(t, { lingerMs: 25, trickleBytes: 100, restMsMax: 500 });
  const store = async (storing_ms: number, ...lengths: number[]) => {
    const next = nextRange(stream);
    publishAll(stream, lengths);
    t.mock.timers.tick(500);
    const range = await next;
    now_ms += storing_ms;
    await stream.consumer.commit(range);
  };
  await store(50, 1);
  let handedOut = 0;
  const next = nextRange(stream).then((range) => {
    handedOut = range.records.length;
    return range;
  });
  publishAll(stream, [1]);
  t.mock.timers.tick(25);
  t.mock.timers.tick(199);
  await Promise.resolve();
  assert.equal(handedOut, 0, 'storing took 50 ms, so it rests for 200');
  t.mock.timers.tick(1);
  await stream.consumer.commit(await next);

  await store(50, 1);
  const prompt = nextRange(stream);
  publishAll(stream, [100]);
  t.mock.timers.tick(25);
  assert.equal((await prompt).records.length, 1, 'no rest for so much');
});

test('a full range does not wait for the linger', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const stream = await openInNewFolder(t, { rangeRecordsMax: 2, lingerMs: 25 });
  const next = nextRange(stream);
  publishAll(stream, [1, 1]);
  assert.equal((await next).records.length, 2);
});

test('records gather while a range is being stored, and lag counts both', async (t) => {
  const stream = await openInNewFolder(t);
  assert.deepEqual(stream.consumer.lag(), { records: 0, bytes: 0, oldestAppendedAtMs: undefined });
  const published = publishAll(stream, [5]);
  const first = await nextRange(stream);
  published.push(...publishAll(stream, [1, 1]));
  const oldestAppendedAtMs = first.records[0]!.appendedAtMs;
  assert.deepEqual(stream.consumer.lag(), { records: 3, bytes: 7, oldestAppendedAtMs });
  await stream.consumer.commit(first);
  const second = await nextRange(stream);
  assert.deepEqual([second.begin, second.end], [1n, 3n]);
  await stream.consumer.commit(second);
  await Promise.all(published);
});

test('past its bounds the stream refuses at once, with a hint when to come back', async (t) => {
  const stream = await openInNewFolder(t, { pendingBytesMax: 10, pendingRecordsMax: 3 });
  const overloaded = { name: 'StreamError', code: 'overloaded', retryAfterS: 1 };
  const published = publishAll(stream, [4, 4]);
  await assert.rejects(stream.producer.publish(batchId(9), new Uint8Array(3)), overloaded);
  const range = await nextRange(stream);
  await assert.rejects(
    stream.producer.publish(batchId(9), new Uint8Array(3)),
    overloaded,
    'in flight counts',
  );
  published.push(stream.producer.publish(batchId(9), new Uint8Array(2)));
  await assert.rejects(stream.producer.publish(batchId(9), new Uint8Array(0)), overloaded, 'records count');
  await stream.consumer.commit(range);
  published.push(stream.producer.publish(batchId(9), new Uint8Array(3)));
  await stream.consumer.commit(await nextRange(stream));
  await Promise.all(published);
});

test('a message beyond the whole bound is refused for good', async (t) => {
  const stream = await openInNewFolder(t, { pendingBytesMax: 10 });
  const tooLarge = { name: 'StreamError', code: 'too-large', retryable: false };
  await assert.rejects(stream.producer.publish(batchId(1), new Uint8Array(11)), tooLarge);
});

test('a batch id of another form is refused', async (t) => {
  const stream = await openInNewFolder(t);
  await assert.rejects(stream.producer.publish('F'.repeat(32), new Uint8Array(1)), TypeError);
});

test('next ends when its signal is aborted, before or during the wait', async (t) => {
  const stream = await openInNewFolder(t);
  const abort = new AbortController();
  const next = stream.consumer.next(abort.signal);
  abort.abort();
  assert.equal(await next, undefined);
  assert.equal(await stream.consumer.next(abort.signal), undefined);
});

test('a second next beside a waiting one is refused', async (t) => {
  const stream = await openInNewFolder(t);
  const abort = new AbortController();
  const first = stream.consumer.next(abort.signal);
  await assert.rejects(stream.consumer.next(never), /another next\(\) is waiting/);
  abort.abort();
  await first;
});

test('a range is offered again until it is committed, marked as replayed once intended', async (t) => {
  const stream = await openInNewFolder(t);
  const published = publishAll(stream, [1]);
  const range = await nextRange(stream);
  assert.equal(await nextRange(stream), range);
  await stream.consumer.intend(range);
  assert.deepEqual(await nextRange(stream), { ...range, replayed: true });
  await stream.consumer.commit(range);
  await Promise.all(published);
});

test('the steps of a committed range can be repeated, those of a range never handed out cannot', async (t) => {
  const dir = await temporaryFolder(t);
  const stream = await open(dir);
  const published = publishAll(stream, [1]);
  const range = await nextRange(stream);
  await stream.consumer.commit(range);
  await stream.consumer.intend(range);
  await stream.consumer.commit(range);
  await Promise.all(published);
  assert.deepEqual(await readdir(dir), []);
  const other = { ...range, begin: 1n, end: 2n };
  await assert.rejects(stream.consumer.commit(other), /is not the one handed out/);
});

test('an intended range is offered first by the next process, the same in every byte', async (t) => {
  const dir = await temporaryFolder(t);
  const before = await open(dir);
  void publishAll(before, [3, 2]);
  const intended = await nextRange(before);
  await before.consumer.intend(intended);

  const after = await open(dir);
  const published = publishAll(after, [1]);
  const replayed = await nextRange(after);
  assert.equal(rangeToken(replayed), rangeToken(intended));
  assert.equal(replayed.replayed, true);
  assert.deepEqual(
    replayed.records.map((record) => ({ ...record, value: Uint8Array.from(record.value) })),
    intended.records,
  );
  await after.consumer.intend(replayed);
  await after.consumer.commit(replayed);
  const fresh = await nextRange(after);
  assert.notEqual(fresh.topic, intended.topic);
  await after.consumer.commit(fresh);
  await Promise.all(published);
  assert.deepEqual(await readdir(dir), []);
});

test('a damaged intention is reported, and the stream opens', async (t) => {
  const dir = await temporaryFolder(t);
  await writeFile(join(dir, 'intention'), 'something else');
  const reported: object[] = [];
  const stream = await openMemoryStream({ dir, log: { error: (fields) => reported.push(fields) } });
  const reason = 'it does not begin as an intention file of this version';
  assert.deepEqual(reported, [{ movedTo: join(dir, 'intention.damaged'), reason }]);
  assert.equal(stream.consumer.lag().records, 0);
});

test('closing lets the consumer drain, then ends it', async (t) => {
  const stream = await openInNewFolder(t, { rangeRecordsMax: 1 });
  const published = publishAll(stream, [1, 1]);
  const closed = stream.close();
  await assert.rejects(stream.producer.publish(batchId(1), new Uint8Array(1)), { code: 'closed' });
  await stream.consumer.commit(await nextRange(stream));
  await stream.consumer.commit(await nextRange(stream));
  assert.equal(await stream.consumer.next(never), undefined);
  await closed;
  await Promise.all(published);
});

test('closing an idle stream ends a waiting consumer', async (t) => {
  const stream = await openInNewFolder(t);
  const next = stream.consumer.next(never);
  await Promise.all([stream.close(), stream.close()]);
  assert.equal(await next, undefined);
});

test('publishers whose records are not stored in time are rejected at the close', async (t) => {
  const dir = await temporaryFolder(t);
  const stream = await open(dir, { closeMs: 0, rangeRecordsMax: 1 });
  const published = publishAll(stream, [1, 1]);
  const range = await nextRange(stream);
  await stream.consumer.intend(range);
  const closed = stream.close();
  for (const promise of published) await assert.rejects(promise, { code: 'closed' });
  await closed;
  assert.equal(await stream.consumer.next(never), undefined);
  assert.deepEqual(await readdir(dir), ['intention'], 'the next process finishes it');
});

test('a commit that comes after the close still removes the intention', async (t) => {
  const dir = await temporaryFolder(t);
  const stream = await open(dir, { closeMs: 0 });
  const [published] = publishAll(stream, [1]);
  const range = await nextRange(stream);
  await stream.consumer.intend(range);
  await Promise.all([stream.close(), assert.rejects(published!, { code: 'closed' })]);
  await stream.consumer.commit(range);
  assert.deepEqual(await readdir(dir), []);
});
