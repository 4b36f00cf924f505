import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { openEmbeddedStore, type Store } from '@halfopen/store';
import { OTEL_TRACES_COLUMNS } from '../../src/transcode/columns.js';
import { RowWriter } from '../../src/transcode/row-writer.js';
import { transcode } from '../../src/transcode/transcode.js';
import { delimited, double, fixed64, varint } from './wire-bytes.js';

async function openStore(t: TestContext): Promise<Store> {
  const path = await mkdtemp(join(tmpdir(), 'halfopen-transcode-'));
  const store = await openEmbeddedStore({ path });
  t.after(async () => {
    await store.close();
    await rm(path, { recursive: true, force: true });
  });
  return store;
}

const attribute = (field: number, key: string, ...value: Uint8Array[]) =>
  delimited(field, delimited(1, key), delimited(2, ...value));

const fullSpan = delimited(
  2,
  delimited(1, Buffer.alloc(16, 0xa1)),
  delimited(2, Buffer.alloc(8, 0xb2)),
  delimited(3, 'vendor=1'),
  delimited(4, Buffer.alloc(8, 0xc3)),
  delimited(5, 'frame.execute'),
  varint(6, 5),
  fixed64(7, 1_790_856_000_042_303_001n),
  fixed64(8, 1_790_856_000_072_303_000n),
  attribute(9, 'channel.id', delimited(1, 'agent-1')),
  attribute(9, 'frame.size', varint(3, -(2n ** 63n))),
  attribute(9, 'frame.sample_rate', double(4, 1.5)),
  attribute(9, 'note', delimited(1, Buffer.from([0x61, 0xff, 0x62]))),
  delimited(
    11,
    fixed64(1, 1_790_856_000_050_000_000n),
    delimited(2, 'retry'),
    attribute(3, 'attempt', varint(3, 2)),
  ),
  delimited(11, delimited(2, 'late')),
  delimited(
    13,
    delimited(1, Buffer.alloc(16, 1)),
    delimited(2, Buffer.alloc(8, 2)),
    attribute(4, 'why', varint(2, 1)),
  ),
  delimited(15, delimited(2, 'failed'), varint(3, 2)),
);
const emptySpan = delimited(2, fixed64(7, 2n ** 64n - 1n));
const message = delimited(
  1,
  delimited(1, attribute(1, 'service.name', delimited(1, 'control-server'))),
  delimited(2, delimited(1, delimited(1, 'shim'), delimited(2, '0.1.0')), fullSpan, emptySpan),
);

test('the engine reads the rows back as what the spans said', async (t) => {
  const store = await openStore(t);
  const writer = new RowWriter();
  const rows = transcode(message, 1_790_856_123, writer);
  await store.insert(
    { table: 'otel_traces', columns: OTEL_TRACES_COLUMNS, chunks: [writer.rows()], rows },
    'token',
  );
  const stored = await store.query(
    'SELECT * REPLACE (toString(Duration) AS Duration) FROM otel_traces ORDER BY SpanName DESC',
    { settings: { session_timezone: 'UTC' } },
  );
  assert.deepEqual(stored, [
    {
      Timestamp: '2026-10-01 12:00:00.042303001',
      TraceId: 'a1'.repeat(16),
      SpanId: 'b2'.repeat(8),
      ParentSpanId: 'c3'.repeat(8),
      TraceState: 'vendor=1',
      SpanName: 'frame.execute',
      SpanKind: 'Consumer',
      ServiceName: 'control-server',
      ResourceAttributes: { 'service.name': 'control-server' },
      ScopeName: 'shim',
      ScopeVersion: '0.1.0',
      SpanAttributes: {
        'channel.id': 'agent-1',
        'frame.size': '-9223372036854775808',
        'frame.sample_rate': '1.5',
        note: 'a\ufffdb',
      },
      Duration: '29999999',
      StatusCode: 'Error',
      StatusMessage: 'failed',
      'Events.Timestamp': ['2026-10-01 12:00:00.050000000', '1970-01-01 00:00:00.000000000'],
      'Events.Name': ['retry', 'late'],
      'Events.Attributes': [{ attempt: '2' }, {}],
      'Links.TraceId': ['01'.repeat(16)],
      'Links.SpanId': ['02'.repeat(8)],
      'Links.TraceState': [''],
      'Links.Attributes': [{ why: 'true' }],
      InsertedAt: '2026-10-01 12:02:03',
    },
    {
      Timestamp: '2262-04-11 23:47:16.854775807',
      TraceId: '',
      SpanId: '',
      ParentSpanId: '',
      TraceState: '',
      SpanName: '',
      SpanKind: 'Unspecified',
      ServiceName: 'control-server',
      ResourceAttributes: { 'service.name': 'control-server' },
      ScopeName: 'shim',
      ScopeVersion: '0.1.0',
      SpanAttributes: {},
      Duration: '0',
      StatusCode: 'Unset',
      StatusMessage: '',
      'Events.Timestamp': [],
      'Events.Name': [],
      'Events.Attributes': [],
      'Links.TraceId': [],
      'Links.SpanId': [],
      'Links.TraceState': [],
      'Links.Attributes': [],
      InsertedAt: '2026-10-01 12:02:03',
    },
  ]);
});
