import assert from 'node:assert/strict';
import { openEmbeddedStore } from '@halfopen/store';
import { traceIdOf, type Batch } from './batches.js';

export type Query = <Row>(sql: string) => Promise<Row[]>;

/** Asks what an `up` that has ended has left behind. */
export async function inData<T>(data: string, ask: (query: Query) => Promise<T>): Promise<T> {
  const store = await openEmbeddedStore({ path: data });
  try {
    return await ask((sql) => store.query(sql));
  } finally {
    await store.close();
  }
}

/** Each span of each message of load once, in the table of spans and behind each view; and none that was never sent. */
export async function storedOnce(query: Query, acknowledged: readonly Batch[]): Promise<void> {
  const sent = new Map(acknowledged.map(({ number, spans }) => [traceIdOf(number), spans]));
  const tables = [
    ['otel_traces', 'TraceId', 'SpanId', "ServiceName = 'load'"],
    ['frames', 'trace_id', 'span_id', "startsWith(channel_id, 'load-')"],
  ] as const;
  for (const [table, traceId, spanId, ours] of tables) {
    const stored = await query<{ id: string; rows: number; spans: number }>(
      `SELECT ${traceId} AS id, toUInt32(count()) AS rows, toUInt32(uniqExact(${spanId})) AS spans
       FROM ${table} WHERE ${ours} GROUP BY id`,
    );
    const wrong = stored.filter(({ id, rows, spans }) => rows !== sent.get(id) || spans !== rows);
    assert.deepEqual(wrong, [], `${table}: not as they were sent`);
    assert.equal(stored.length, sent.size, `${table}: messages`);
  }
  const [activity] = await query<{ spans: number }>(
    "SELECT toUInt32(sum(spans)) AS spans FROM frame_activity WHERE startsWith(channel_id, 'load-')",
  );
  const wanted = acknowledged.reduce((sum, { spans }) => sum + spans, 0);
  assert.equal(activity?.spans, wanted, 'frame_activity counts each frame once');
}
