import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, type TestContext } from 'node:test';
import { openEmbeddedStore, type Store } from '@halfopen/store';
import { openMemoryStream, type DeadLetterDesk } from '@halfopen/stream';
import { deskInStore, officeInStore, startIngest, type IngestCounters } from '../src/index.js';
import { silentLog } from './deployment.js';
import { malformedMessage, messageOf, type Message } from './messages.js';

/** A message with a name that long is unreadable to whoever has this limit: the ingest that is yet to be mended. */
const STRICT_ROW_BYTES = 64 * 1024;
const ROOM_BYTES = 32 * 2 ** 20;
const EVERY = {};
const MANY = 100;

const longSpan = (letter: string, bytes = STRICT_ROW_BYTES): Message => messageOf([letter.repeat(bytes)]);

const folder = await mkdtemp(join(tmpdir(), 'halfopen-letters-'));
const engine = await openEmbeddedStore({ path: join(folder, 'store') });
after(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

interface Settings {
  readonly store?: Store;
  readonly rowBytesMax?: number;
  readonly roomBytes?: number;
}

/** One process: what `work` publishes or offers is stored before it ends. */
async function process<T>(
  work: (publish: (message: Message) => Promise<void>, desk: DeadLetterDesk) => Promise<T>,
  { store = engine, rowBytesMax = 256 * 2 ** 20, roomBytes = ROOM_BYTES }: Settings = {},
): Promise<{ result: T; counters: IngestCounters }> {
  const stream = await openMemoryStream({ dir: folder, limits: { lingerMs: 0 }, log: silentLog });
  const deadLetters = officeInStore({ store, bytesMax: roomBytes, log: silentLog });
  const ingest = startIngest({ consumer: stream.consumer, store, deadLetters, log: silentLog, rowBytesMax });
  const publish = ({ batchId, value }: Message) => stream.producer.publish(batchId, value);
  const result = await work(publish, deskInStore(store, stream.producer)).finally(async () => {
    await stream.close();
    await ingest.stopped;
  });
  return { result, counters: ingest.counters() };
}

const STRICT = { rowBytesMax: STRICT_ROW_BYTES };

/** Every table that a test fills. */
async function emptied(t: TestContext): Promise<void> {
  t.after(async () => {
    for (const table of [
      'otel_traces',
      'ingest_ledger',
      'dead_letters',
      'dead_letter_messages',
      'dead_letter_offers',
    ])
      await engine.command(`TRUNCATE TABLE ${table}`);
  });
  await Promise.resolve();
}

const names = async (): Promise<string[]> => {
  const rows = await engine.query<{ name: string }>(
    'SELECT substring(SpanName, 1, 1) AS name FROM otel_traces ORDER BY name',
  );
  return rows.map(({ name }) => name);
};

const openOf = (desk: DeadLetterDesk) => desk.open(EVERY, MANY);

test('what a mended version reads is stored once, however often it is offered or sent again', async (t) => {
  await emptied(t);
  const message = longSpan('x');
  const { counters } = await process(async (publish) => {
    await publish(message);
    await publish(messageOf(['good'], 7));
  }, STRICT);
  assert.deepEqual([counters.deadLetters, counters.deadLettersCut, counters.spans], [1, 0, 1]);

  await process(async (publish, desk) => {
    const { letters, more } = await openOf(desk);
    assert.deepEqual(
      letters.map(({ reason, bytes, whole }) => ({ reason, bytes, whole })),
      [{ reason: 'rows-too-large', bytes: message.value.length, whole: true }],
    );
    assert.equal(more, 0);
    assert.deepEqual(await desk.offer(letters), ['offered']);
    assert.deepEqual(await names(), ['g', 'x']);
    assert.deepEqual(await desk.offer(letters), ['not-open']);
    await publish(message); // its sender, whose answer was lost
    assert.deepEqual(await names(), ['g', 'x']);
    assert.deepEqual((await openOf(desk)).letters, []);
  });
});

test('an offer that was cut short before it was noted is repeated without effect', async (t) => {
  await emptied(t);
  await process((publish) => publish(longSpan('y')), STRICT);
  let failures = 1;
  const forgetful: Store = {
    insert: (...call) => engine.insert(...call),
    query: (...call) => engine.query(...call),
    command: (...call) =>
      failures-- > 0 ? Promise.reject(new Error('killed before the note')) : engine.command(...call),
    close: () => Promise.resolve(),
  };
  const { counters } = await process(
    async (_publish, desk) => {
      const { letters } = await openOf(desk);
      await assert.rejects(desk.offer(letters), /killed before the note/);
      assert.deepEqual(await names(), ['y']);
      assert.equal((await openOf(desk)).letters.length, 1, 'it is open still');
      assert.deepEqual(await desk.offer(letters), ['offered']);
      assert.deepEqual((await openOf(desk)).letters, []);
    },
    { store: forgetful },
  );
  assert.equal(counters.resent, 1, 'the ledger knew it');
  assert.deepEqual(await names(), ['y']);
});

test('what still can’t be read comes back as a letter of its own, and can be offered again', async (t) => {
  await emptied(t);
  const message = longSpan('z');
  await process((publish) => publish(message), STRICT);
  const positions: string[] = [];
  for (let version = 1; version <= 2; version++)
    await process(async (_publish, desk) => {
      const { letters } = await openOf(desk);
      positions.push(...letters.map(({ topic }) => topic));
      assert.deepEqual(await desk.offer(letters), ['offered']);
      assert.equal((await openOf(desk)).letters.length, 1);
      assert.notEqual((await openOf(desk)).letters[0]?.topic, letters[0]?.topic, 'it lies elsewhere');
    }, STRICT);
  assert.equal(new Set(positions).size, 2);
  await process(async (_publish, desk) => {
    assert.deepEqual(await desk.offer((await openOf(desk)).letters), ['offered']);
  });
  assert.deepEqual(await names(), ['z']);
});

test('letters past the room for them are cut, counted, listed, and can’t be offered', async (t) => {
  await emptied(t);
  const [first, second] = [longSpan('a'), longSpan('b')];
  const roomBytes = first.value.length + 10;
  const { counters } = await process(
    async (publish, desk) => {
      await publish(first);
      await publish(second);
      const { letters } = await openOf(desk);
      assert.deepEqual(
        letters.map(({ whole }) => whole),
        [true, false],
      );
      assert.equal((await desk.open({ wholeOnly: true }, MANY)).letters.length, 1);
      assert.deepEqual(await desk.offer([...letters].reverse()), ['cut', 'offered']);
    },
    { ...STRICT, roomBytes },
  );
  assert.deepEqual(
    [counters.deadLetters, counters.deadLettersCut],
    [3, 2],
    'the offer came back, and was cut',
  );
});

test('a letter that is larger than what is read at a time comes back byte for byte', async (t) => {
  await emptied(t);
  const message = longSpan('w', 17 * 2 ** 20);
  await process((publish) => publish(message), STRICT);
  await process(async (_publish, desk) => {
    assert.deepEqual(await desk.offer((await openOf(desk)).letters), ['offered']);
  });
  assert.deepEqual(
    await engine.query(
      "SELECT toUInt32(length(SpanName)) AS n, replaceAll(SpanName, 'w', '') AS rest FROM otel_traces",
    ),
    [{ n: 17 * 2 ** 20, rest: '' }],
  );
});

test('the list takes a reason, a time and a limit, and says how many more there are', async (t) => {
  await emptied(t);
  const bad = [malformedMessage('bad-1;'), malformedMessage('bad-2;'), malformedMessage('bad-3;')];
  await process(async (publish, desk) => {
    for (const message of bad) await publish(message);
    await publish(longSpan('v'));
    const reasons = async (filter: object, limit = MANY) => {
      const { letters, more } = await desk.open(filter, limit);
      return [letters.map(({ reason }) => reason), more];
    };
    assert.deepEqual(await reasons(EVERY, 2), [['length-out-of-bounds', 'length-out-of-bounds'], 2]);
    assert.deepEqual(await reasons({ reason: 'rows-too-large' }), [['rows-too-large'], 0]);
    assert.deepEqual(await reasons({ sinceMs: Date.now() + 3_600_000 }), [[], 0]);
    assert.deepEqual(await reasons({ reason: "'; DROP TABLE dead_letters" }), [[], 0]);
    const [letter] = (await desk.open(EVERY, 1)).letters;
    assert.deepEqual(Buffer.from(letter?.firstBytes ?? []), Buffer.from(bad[0]?.value ?? []));
    assert.deepEqual(await desk.offer([{ topic: 'none', partition: 0, offset: 5n }]), ['not-open']);
  }, STRICT);
});
