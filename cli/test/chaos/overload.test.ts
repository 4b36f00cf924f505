import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEmbeddedStore } from '@halfopen/store';
import { afterwards } from '../afterwards.js';
import { temporaryFolder, up, type Up } from '../halfopen.js';
import { batch, traceIdOf } from './batches.js';
import { peakMb } from './peak.js';
import { Sender, type Answer } from './sender.js';

const OVERLOAD_MS = 60_000;

/** About 450 MB on the way at once, where `up` takes 48 MiB in; nobody heeds Retry-After. */
const SENDERS = 3_000;
const SPANS = 512;

/**
 * Who has not got its request across within half a minute is cut off. With so many at once on a machine that does other work
 * besides, that may happen to a few.
 */
const CUT_OFF_MAX = 0.01;

/** What docs/operating.md promises of one process with the bounds that it has by itself. */
const MEMORY_MB_MAX = 1_536;

test('a minute of several times what can be stored: refused in time, nothing lost, bounded, and over when it is over', async (t) => {
  const data = await temporaryFolder(t);
  const running = await up(data);
  const sender = new Sender(() => running.collectorUrl);
  afterwards(t, () => {
    sender.close();
  });
  const { acknowledged, refused } = await overload(sender);
  assert.ok(acknowledged.length > 0, 'some is taken');
  assert.ok(refused.length > acknowledged.length, `refused ${refused.length}, took ${acknowledged.length}`);
  const answered = refused.filter(({ status }) => status !== 'none');
  const cutOff = refused.length - answered.length;
  assert.ok(cutOff <= refused.length * CUT_OFF_MAX, `${cutOff} of ${refused.length} got no answer`);
  for (const answer of answered) {
    assert.ok(answer.status === 429 || answer.status === 503, `answered ${answer.status}`);
    assert.match(('retryAfter' in answer ? answer.retryAfter : undefined) ?? 'without Retry-After', /^\d+$/);
  }

  await recovered(running);
  const last = batch(TEMPLATE, 1);
  assert.equal((await sender.post(last.bytes)).status, 200, 'the next message is taken at the first try');
  const peak_mb = await peakMb(running.pid);
  assert.ok(peak_mb <= MEMORY_MB_MAX, `peak ${peak_mb} MB`);
  assert.equal((await running.stop('SIGTERM')).code, 0);

  await holds(data, new Set(acknowledged));
  const offered = acknowledged.length + refused.length;
  t.diagnostic(
    `offered ${offered} messages of ${SPANS} spans, ${(offered / acknowledged.length).toFixed(1)} times what was taken; ` +
      `took ${Math.round((acknowledged.length * SPANS * 1000) / OVERLOAD_MS)} spans/s; peak ${Math.round(peak_mb)} MB`,
  );
});

interface Outcome {
  /** Numbers of the messages. */
  readonly acknowledged: number[];
  readonly refused: Answer[];
}

/** Number of the message that all others are made from: its trace id is nowhere else in it. */
const TEMPLATE = 1_234_567_890;

async function overload(sender: Sender): Promise<Outcome> {
  const outcome: Outcome = { acknowledged: [], refused: [] };
  const until_ms = performance.now() + OVERLOAD_MS;
  const nextMessage = messages();
  const sendOn = async (): Promise<void> => {
    while (performance.now() < until_ms) {
      const { number, bytes } = nextMessage();
      const answer = await sender.post(bytes);
      if (answer.status === 200) outcome.acknowledged.push(number);
      else outcome.refused.push(answer);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sendOn));
  return outcome;
}

/** Messages that differ in their trace id only: making them must cost nothing beside sending them. */
function messages(): () => { number: number; bytes: Uint8Array } {
  const template = Buffer.from(batch(TEMPLATE, SPANS).bytes);
  const traceId = Buffer.from(traceIdOf(TEMPLATE), 'hex');
  const places: number[] = [];
  for (let at = template.indexOf(traceId); at >= 0; at = template.indexOf(traceId, at + 1)) places.push(at);
  assert.equal(places.length, SPANS);
  let next = 1;
  return () => {
    const number = next++;
    const id = Buffer.from(traceIdOf(number), 'hex');
    const bytes = Uint8Array.from(template);
    for (const place of places) bytes.set(id, place);
    return { number, bytes };
  };
}

/** By itself, once nobody sends: nothing waits any more and it calls itself ready. */
async function recovered({ apiUrl, collectorUrl }: Up): Promise<void> {
  const deadline_ms = Date.now() + 60_000;
  while (Date.now() < deadline_ms) {
    const metrics = await (await fetch(`${apiUrl}/metrics`)).text();
    const ready = await fetch(`${collectorUrl}/readyz`);
    if (/^halfopen_stream_pending_records 0$/m.test(metrics) && ready.status === 200) return;
    await sleep(100);
  }
  throw new Error('messages still wait a minute after the load has ended');
}

/** Each acknowledged message is there once and whole; one that was refused, or is there all the same, not in part. */
async function holds(data: string, acknowledged: ReadonlySet<number>): Promise<void> {
  const store = await openEmbeddedStore({ path: data });
  try {
    const [row] = await store.query<{ messages: number; partial: number }>(
      `SELECT toUInt32(count()) AS messages, toUInt32(countIf(rows != ${SPANS} OR spans != ${SPANS})) AS partial
       FROM (SELECT TraceId, count() AS rows, uniqExact(SpanId) AS spans FROM otel_traces GROUP BY TraceId HAVING rows > 1)`,
    );
    assert.equal(row?.partial, 0, 'no message is there in part, or twice');
    const ids = await store.query<{ id: string }>('SELECT DISTINCT TraceId AS id FROM otel_traces');
    const stored = new Set(ids.map(({ id }) => id));
    const lost = [...acknowledged].filter((number) => !stored.has(traceIdOf(number)));
    assert.deepEqual(lost, [], 'acknowledged and not there');
  } finally {
    await store.close();
  }
}
