import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '@halfopen/store';
import type { RangeConsumer, RecordRange } from '@halfopen/stream';
import { startIngest, type IngestClock, type IngestLog } from '../src/index.js';
import { messageOf } from './messages.js';
import { ModelOffice } from './model-office.js';
import { ModelStore } from './model-store.js';

/** Offers one range, then waits until told to end. */
class OneRange implements RangeConsumer {
  commits = 0;
  readonly #range: RecordRange = {
    topic: 't',
    partition: 0,
    begin: 0n,
    end: 1n,
    records: [{ offset: 0n, appendedAtMs: 0, ...messageOf(['a']) }],
    replayed: false,
  };

  async next(signal: AbortSignal): Promise<RecordRange | undefined> {
    if (this.commits === 0) return this.#range;
    if (!signal.aborted) await once(signal, 'abort');
    return undefined;
  }

  intend = () => Promise.resolve();

  commit(): Promise<void> {
    this.commits++;
    return Promise.resolve();
  }

  lag = () => ({ records: 0, bytes: 0, oldestAppendedAtMs: undefined });
}

/** Fails its look-ups with these errors, one after another, then works. */
function failingStore(errors: readonly Error[]): ModelStore {
  const left = [...errors];
  const store = new ModelStore();
  const query = store.query.bind(store);
  store.query = (sql, options) => {
    const error = left.shift();
    return error === undefined ? query(sql, options) : Promise.reject(error);
  };
  return store;
}

/** Stands still; each pause is noted, and over when `pass` allows it. */
function clockOf(pass: (pauses: readonly number[]) => Promise<void>) {
  const pauses: number[] = [];
  const clock: IngestClock = {
    nowMs: () => 42,
    sleep: (ms) => {
      pauses.push(ms);
      return pass(pauses);
    },
  };
  return { clock, pauses };
}

function noting() {
  const lines: string[] = [];
  const note = (level: string) => (_fields: object, message: string) =>
    void lines.push(`${level}: ${message}`);
  const log: IngestLog = { info: note('info'), warn: note('warn'), error: note('error') };
  return { log, lines };
}

const unavailable = new StoreError('unavailable', 'no answer', true);
const refused = new StoreError('insert-failed', 'unknown column', false);

test('a failing range is tried until it is stored; status, pauses and log tell of it', async () => {
  const { log, lines } = noting();
  const { clock, pauses } = clockOf(async () => {
    statuses.push(ingest.status());
    await Promise.resolve();
  });
  const statuses: unknown[] = [];
  const consumer = new OneRange();
  const store = failingStore([unavailable, unavailable, refused, refused, new TypeError('a bug')]);
  const ingest = startIngest({
    deadLetters: new ModelOffice(),
    consumer,
    store,
    log,
    clock,
    random: () => 1,
  });
  while (consumer.commits === 0) await sleep(0);
  await ingest.stop();

  assert.deepEqual(pauses, [100, 200, 400, 800, 1600]);
  assert.deepEqual(lines, [
    'warn: could not store range t-0-0-1, trying again',
    'error: could not store range t-0-0-1, trying again',
    'error: could not store range t-0-0-1, trying again',
    'info: could at last store range t-0-0-1',
  ]);
  assert.deepEqual(statuses.slice(-2), [
    { state: 'failing', sinceMs: 42, failures: 4, lastError: 'unknown column' },
    { state: 'failing', sinceMs: 42, failures: 5, lastError: 'a bug' },
  ]);
  assert.deepEqual(ingest.status(), { state: 'stopped' });
  const { ranges, records, spans, failures } = ingest.counters();
  assert.deepEqual({ ranges, records, spans, failures }, { ranges: 1, records: 1, spans: 1, failures: 5 });
});

test('stopping ends a pause, and leaves the range uncommitted', async () => {
  const { log } = noting();
  const events = new EventEmitter();
  const paused = once(events, 'paused');
  const consumer = new OneRange();
  const clock: IngestClock = {
    nowMs: () => 0,
    sleep: async (_ms, signal) => {
      events.emit('paused');
      await once(signal, 'abort');
    },
  };
  const ingest = startIngest({
    deadLetters: new ModelOffice(),
    consumer,
    store: failingStore([unavailable]),
    log,
    clock,
  });
  await paused;
  await ingest.stop();
  assert.equal(consumer.commits, 0);
  assert.deepEqual(ingest.status(), { state: 'stopped' });
});

test("the loop can be stopped in a pause of the system's clock", async () => {
  const { log } = noting();
  const events = new EventEmitter();
  const failed = once(events, 'failed');
  log.warn = () => void events.emit('failed');
  const ingest = startIngest({
    deadLetters: new ModelOffice(),
    consumer: new OneRange(),
    store: failingStore(Array.from({ length: 99 }, () => unavailable)),
    log,
  });
  await failed;
  await ingest.stop();
});
