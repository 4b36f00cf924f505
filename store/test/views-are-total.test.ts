import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { temporaryStore } from './temporary-store.js';
import { spansBatch, type TestSpan } from './spans.js';

/** ADR 0002: a view that throws stops the ingestion of its whole range, at each replay again. */

const SPAN_NAMES = [
  'frame.enqueue',
  'frame.socket_write',
  'frame.receive',
  'frame.execute',
  'frame.ack',
  'frame.',
  'channel.connect',
  'channel.close',
  'channel.expected',
  'channel.state',
  'listener.state',
  'GET /',
];

/** What a cast could stumble over, in each type that views make. */
const AWKWARD_TEXTS = [
  '',
  ' ',
  '0',
  '-0',
  '-1',
  '+1',
  '1.5',
  '1e400',
  '-1e400',
  'nan',
  'inf',
  'NULL',
  '\\N',
  '65536',
  '18446744073709551615',
  '18446744073709551616',
  '9223372036854775808',
  'true',
  'TRUE',
  'false',
  '1970-01-01',
  '\u0000',
  '\ud800',
  'é'.repeat(1000),
];

const WELL_FORMED = {
  'channel.id': 'agent-1',
  'channel.end': 'agent',
  'frame.stage': 'receive',
  'frame.direction': 'to_agent',
};

const text = fc.oneof(fc.constantFrom(...AWKWARD_TEXTS), fc.string({ unit: 'binary', maxLength: 20 }));

/** Attributes that views read, each there or not, with any text; mostly such that the views take the row. */
function attributes(names: readonly string[]): fc.Arbitrary<Record<string, string>> {
  const record = fc.record(Object.fromEntries(names.map((name) => [name, text])), { requiredKeys: [] });
  const kept = fc.constantFrom(WELL_FORMED, WELL_FORMED, WELL_FORMED, {});
  return fc
    .tuple(record, kept, fc.dictionary(text, text, { maxKeys: 2 }))
    .map(([ours, wellFormed, others]) => ({
      ...others,
      ...ours,
      ...wellFormed,
    }));
}

const times = fc.oneof(
  fc.constantFrom(-(2n ** 63n), -1n, 0n, 1n, 2n ** 63n - 1n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const durations = fc.oneof(
  fc.constantFrom(0n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

test('no span can make an insert fail, whatever its attributes and times', async (t) => {
  const store = await temporaryStore(t);
  const definitions = await store.query<{ as_select: string }>(
    `SELECT as_select FROM system.tables WHERE database = 'default' AND engine = 'MaterializedView'`,
  );
  const read = definitions.flatMap(({ as_select: select }) => [
    ...select.matchAll(/Attributes\['([^']+)'\]/g),
  ]);
  const names = [...new Set(read.map(([, name = '']) => name))];
  assert.ok(names.length > 50, 'the attributes are found in the views');
  const span: fc.Arbitrary<TestSpan> = fc.record({
    name: fc.constantFrom(...SPAN_NAMES),
    attributes: attributes(names),
    resource: attributes(['service.instance.id']),
    start: times,
    durationNs: durations,
    traceId: fc.constantFrom('', 'aa'),
  });
  let batch = 0;
  let inserted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(span, { minLength: 1, maxLength: 200, size: 'max' }), async (spans) => {
      await store.insert(spansBatch(spans), `batch-${batch++}`);
      inserted += spans.length;
    }),
    { numRuns: 25 },
  );
  const counts = await store.query<Record<string, number>>(
    `SELECT (SELECT count() FROM otel_traces) AS spans, (SELECT count() FROM frames) AS frames,
       (SELECT count() FROM channel_states) AS states, (SELECT count() FROM connection_events) AS events,
       (SELECT count() FROM expected_channels) AS expected, (SELECT count() FROM listener_states) AS listeners`,
  );
  const { spans, ...derived } = counts[0]!;
  assert.equal(spans, inserted);
  for (const [table, rows] of Object.entries(derived)) assert.ok(rows > 0, `no row reached ${table}`);
  // Views for people read it all too.
  await store.query('SELECT * FROM frame_journeys');
  await store.query('SELECT * FROM connections');
});
