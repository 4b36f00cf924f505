import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ANY_VALUE_DEPTH_MAX, checkTraceRequest, OtlpError, WireError } from '@halfopen/otlp';
import { OTEL_TRACES_COLUMNS } from '../../src/transcode/columns.js';
import { RowLimitError, RowWriter } from '../../src/transcode/row-writer.js';
import { transcode } from '../../src/transcode/transcode.js';
import { traceRequest } from './generated.js';
import { expectedRows } from './oracle.js';
import { readRows, type Row } from './row-binary.js';
import { delimited, double, fixed64, varint } from './wire-bytes.js';

const INSERTED_AT_S = 1_790_856_000;

function rowsOf(message: Uint8Array): Row[] {
  const writer = new RowWriter();
  const spans = transcode(message, INSERTED_AT_S, writer);
  const rows = readRows(writer.rows(), OTEL_TRACES_COLUMNS);
  assert.equal(rows.length, spans);
  return rows;
}

/** The row of the only span, made of these fields. */
function rowOf(...spanFields: Uint8Array[]): Row {
  const [row] = rowsOf(delimited(1, delimited(2, delimited(2, ...spanFields))));
  assert.ok(row);
  return row;
}

/** How the value of an attribute reads in SpanAttributes. `anyValue`: the fields of an AnyValue. */
function attributeText(...anyValue: Uint8Array[]): unknown {
  const row = rowOf(delimited(9, delimited(1, 'key'), delimited(2, ...anyValue)));
  const [[key, value] = []] = row['SpanAttributes'] as [string, string][];
  assert.equal(key, 'key');
  return value;
}

test('writes the rows that protobufjs and a slow reference make of the same bytes', () => {
  fc.assert(
    fc.property(traceRequest, (message) => {
      assert.deepEqual(rowsOf(message), expectedRows(message, INSERTED_AT_S));
    }),
    { numRuns: 500 },
  );
});

test('what spans share may follow them on the wire', () => {
  const resource = delimited(
    1,
    delimited(1, delimited(1, 'service.name'), delimited(2, delimited(1, 'server'))),
  );
  const scope = delimited(1, delimited(1, 'scope'), delimited(2, '1.2'));
  const span = delimited(2, delimited(5, 'work'));
  const [row] = rowsOf(delimited(1, delimited(2, span, scope), resource));
  assert.equal(row?.['ServiceName'], 'server');
  assert.equal(row['ScopeName'], 'scope');
  assert.equal(row['ScopeVersion'], '1.2');
  assert.deepEqual(row['ResourceAttributes'], [['service.name', 'server']]);
});

test('what one resource, scope or span says is not taken over by the next', () => {
  const named = (name: string) =>
    delimited(1, delimited(1, delimited(1, 'service.name'), delimited(2, delimited(1, name))));
  const full = delimited(
    2,
    delimited(5, 'a'),
    varint(6, 2),
    fixed64(7, 5n),
    fixed64(8, 9n),
    delimited(15, varint(3, 2)),
  );
  const empty = delimited(2);
  const rows = rowsOf(
    Buffer.concat([
      delimited(
        1,
        named('first'),
        delimited(2, delimited(1, delimited(1, 'scope')), full, empty),
        delimited(2, empty),
      ),
      delimited(1, delimited(2, empty)),
    ]),
  );
  const seen = rows.map((row) => [
    row['ServiceName'],
    row['ScopeName'],
    row['SpanName'],
    row['SpanKind'],
    row['Duration'],
  ]);
  assert.deepEqual(seen, [
    ['first', 'scope', 'a', 'Server', 4n],
    ['first', 'scope', '', 'Unspecified', 0n],
    ['first', '', '', 'Unspecified', 0n],
    ['', '', '', 'Unspecified', 0n],
  ]);
  assert.deepEqual(
    rows.map((row) => row['StatusCode']),
    ['Error', 'Unset', 'Unset', 'Unset'],
  );
});

test('doubles read as Go and ECMAScript write them', () => {
  const texts: [number, string][] = [
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [-2.5, '-2.5'],
    [0.000001, '0.000001'],
    [1e-7, '1e-7'],
    [100000000000000000000, '100000000000000000000'],
    [1e21, '1e+21'],
    [5e-324, '5e-324'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
    [NaN, 'NaN'],
    [Infinity, 'Infinity'],
    [-Infinity, '-Infinity'],
  ];
  for (const [value, text] of texts) assert.equal(attributeText(double(4, value)), text);
});

test('integers keep all their 64 bits', () => {
  for (const value of [0n, -1n, 2n ** 53n, -(2n ** 53n), 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    assert.equal(attributeText(varint(3, value)), value.toString());
  }
});

test('arrays and kvlists read as JSON, their keys sorted', () => {
  const member = (key: string, ...value: Uint8Array[]) =>
    delimited(1, delimited(1, key), delimited(2, ...value));
  const list = delimited(
    6,
    member(
      'b',
      delimited(5, delimited(1, varint(3, 1)), delimited(1, delimited(7, Buffer.of(1, 2))), delimited(1)),
    ),
    member('a', delimited(1, 'early')),
    member('a', delimited(1, '<late>')),
    member('c', double(4, NaN)),
  );
  assert.equal(attributeText(list), '{"a":"<late>","b":[1,"AQI=",null],"c":"NaN"}');
});

test('of the members of one value the last counts, whatever came before', () => {
  assert.equal(attributeText(delimited(1, 'text'), varint(3, 7)), '7');
  assert.equal(attributeText(varint(3, 7), delimited(5), delimited(1, 'text')), 'text');
});

test('times past the range of DateTime64(9) become its last instant, and keep their distance', () => {
  const row = rowOf(fixed64(7, 2n ** 63n), fixed64(8, 2n ** 64n - 1n));
  assert.equal(row['Timestamp'], 2n ** 63n - 1n);
  assert.equal(row['Duration'], 2n ** 63n - 1n);
});

test('an end before the start is a duration of 0', () => {
  assert.equal(rowOf(fixed64(7, 2n ** 32n), fixed64(8, 2n ** 32n - 1n))['Duration'], 0n);
  assert.equal(rowOf(fixed64(7, 6n))['Duration'], 0n);
});

test('a span may have any number of attributes, its message any number of spans', () => {
  const attributes = Array.from({ length: 300 }, (_, i) => delimited(9, delimited(1, `key ${i}`)));
  const spans = Array.from({ length: 300 }, () => delimited(2, ...attributes));
  const rows = rowsOf(delimited(1, delimited(2, ...spans)));
  const expected = Array.from({ length: 300 }, (_, i) => [`key ${i}`, '']);
  assert.equal(rows.length, 300);
  for (const row of rows) assert.deepEqual(row['SpanAttributes'], expected);
});

/** A request in which every field of every message is set. */
const golden = delimited(
  1,
  delimited(
    1,
    delimited(1, delimited(1, 'service.name'), delimited(2, delimited(1, 'server'))),
    varint(2, 1),
  ),
  delimited(
    2,
    delimited(
      1,
      delimited(1, 'scope'),
      delimited(2, '1'),
      delimited(3, delimited(1, 'k'), delimited(2, varint(2, 1))),
    ),
    delimited(
      2,
      delimited(1, Buffer.alloc(16, 0xa1)),
      delimited(2, Buffer.alloc(8, 0xb2)),
      delimited(3, 'a=b'),
      delimited(4, Buffer.alloc(8, 0xc3)),
      delimited(5, 'frame.execute'),
      varint(6, 5),
      fixed64(7, 1_790_856_000_042_303_000n),
      fixed64(8, 1_790_856_000_072_303_000n),
      delimited(9, delimited(1, 'short'), delimited(2, delimited(1, 'string'))),
      delimited(9, delimited(1, 'long'), delimited(2, delimited(1, 'ä'.repeat(100)))),
      delimited(9, delimited(1, 'int'), delimited(2, varint(3, -5n))),
      delimited(
        9,
        delimited(1, 'list'),
        delimited(2, delimited(6, delimited(1, delimited(1, 'k'), delimited(2, double(4, 0.5))))),
      ),
      delimited(
        11,
        fixed64(1, 1_790_856_000_050_000_000n),
        delimited(2, 'event'),
        delimited(3, delimited(1, 'k')),
      ),
      delimited(13, delimited(1, Buffer.alloc(16, 1)), delimited(2, Buffer.alloc(8, 2)), delimited(3, 'c=d')),
      delimited(15, delimited(2, 'failed'), varint(3, 2)),
    ),
  ),
);

test('a request cut at any byte is malformed, or a shorter request; the rows before it stay', () => {
  const writer = new RowWriter();
  transcode(golden, INSERTED_AT_S, writer);
  const before = Buffer.from(writer.rows());
  for (let length = 0; length < golden.length; length += 1) {
    // The whole is one field: only nothing at all is a request as well.
    if (length === 0) assert.equal(transcode(golden.subarray(0, 0), INSERTED_AT_S, writer), 0);
    else assert.throws(() => transcode(golden.subarray(0, length), INSERTED_AT_S, writer), WireError);
    assert.deepEqual(writer.rows(), before);
  }
});

/** Bytes of the golden request, some of them changed. */
const mutated = fc
  .array(fc.record({ at: fc.nat(golden.length - 1), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 })
  .map((mutations) => {
    const bytes = Buffer.from(golden);
    for (const { at, byte } of mutations) bytes[at] = byte;
    return bytes;
  });

test('any bytes give rows or a typed error, which leaves no trace', () => {
  const writer = new RowWriter();
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      writer.clear();
      transcode(golden, INSERTED_AT_S, writer);
      const lengthBefore = writer.length;
      let spans = 0;
      try {
        spans = transcode(bytes, INSERTED_AT_S, writer);
      } catch (error) {
        assert.ok(error instanceof WireError);
        assert.equal(writer.length, lengthBefore);
      }
      assert.equal(readRows(writer.rows(), OTEL_TRACES_COLUMNS).length, 1 + spans);
    }),
    { numRuns: 2000 },
  );
});

test('what the collector lets through is never a dead letter', () => {
  const writer = new RowWriter();
  let accepted = 0;
  fc.assert(
    fc.property(fc.oneof(traceRequest, mutated), (bytes) => {
      let spans: number;
      try {
        ({ spans } = checkTraceRequest(bytes));
      } catch (error) {
        assert.ok(error instanceof OtlpError);
        return;
      }
      accepted += 1;
      assert.equal(transcode(bytes, INSERTED_AT_S, writer), spans);
    }),
    { numRuns: 1000 },
  );
  assert.ok(accepted > 100, `the check let only ${accepted} of the requests through`);
});

test('a known field in another wire type is malformed', () => {
  assert.throws(() => rowOf(varint(5, 1)), { name: 'WireError', code: 'unexpected-wire-type' });
  assert.throws(() => rowOf(delimited(9, delimited(2, delimited(3, 'int')))), {
    code: 'unexpected-wire-type',
  });
});

test('values may nest as deep as their bound, not deeper', () => {
  const nest = (depth: number): Uint8Array => {
    let value: Uint8Array = Buffer.of();
    for (let level = 1; level < depth; level += 1) value = delimited(5, delimited(1, value));
    return value;
  };
  const brackets = ANY_VALUE_DEPTH_MAX - 1;
  assert.equal(
    attributeText(nest(ANY_VALUE_DEPTH_MAX)),
    `${'['.repeat(brackets)}null${']'.repeat(brackets)}`,
  );
  assert.throws(() => attributeText(nest(ANY_VALUE_DEPTH_MAX + 1)), { name: 'WireError', code: 'too-deep' });
  assert.throws(() => attributeText(nest(2000)), { name: 'WireError', code: 'too-deep' });
});

test('few bytes that ask for many rows are refused at the bound of the writer', () => {
  const writer = new RowWriter(1_000_000);
  const resource = delimited(
    1,
    delimited(1, delimited(1, 'k'), delimited(2, delimited(1, 'x'.repeat(10_000)))),
  );
  const spans = Buffer.concat(Array.from({ length: 1000 }, () => delimited(2)));
  const message = delimited(1, resource, delimited(2, spans));
  transcode(golden, INSERTED_AT_S, writer);
  const before = Buffer.from(writer.rows());
  assert.throws(() => transcode(message, INSERTED_AT_S, writer), RowLimitError);
  assert.deepEqual(writer.rows(), before);
  assert.equal(transcode(golden, INSERTED_AT_S, writer), 1);
});
