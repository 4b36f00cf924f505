import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { checkTraceRequest, OtlpError, WireError, type OtlpErrorCode } from '../src/index.js';
import { countSpans, encode, fromOtlpJson } from './oracle.js';
import { goldenRequest, requests } from './requests.js';

const golden = encode('Request', fromOtlpJson(goldenRequest));

/** What the check says of any bytes whatever: a count of spans, or its own error. */
function verdict(bytes: Uint8Array): number | OtlpError {
  try {
    return checkTraceRequest(bytes).spans;
  } catch (error) {
    if (error instanceof OtlpError) return error;
    throw error;
  }
}

function refusal(bytes: Uint8Array): OtlpError {
  const result = verdict(bytes);
  assert.ok(result instanceof OtlpError, `must be refused, found ${String(result)} spans`);
  return result;
}

/** A field: its tag, and a length if it is a message around `parts`. */
function around(field: number, ...parts: Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  return Buffer.concat([varint((field << 3) | 2), varint(body.length), body]);
}

function varint(value: number): Uint8Array {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

const inSpan = (...fields: Uint8Array[]) => around(1, around(2, around(2, ...fields)));
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('whatever protobufjs encodes passes, and its spans are counted', () => {
  fc.assert(
    fc.property(requests, (json) => {
      const bytes = encode('Request', fromOtlpJson(json));
      assert.equal(verdict(bytes), countSpans(bytes));
    }),
  );
  assert.equal(verdict(golden), 3);
});

test('an empty request is well formed', () => {
  assert.equal(verdict(new Uint8Array()), 0);
});

test('a plain Uint8Array into a larger buffer is read within its bounds', () => {
  const larger = new Uint8Array(golden.length + 20).fill(0xff);
  larger.set(golden, 10);
  assert.equal(verdict(larger.subarray(10, 10 + golden.length)), 3);
});

test('a golden request truncated at any byte is refused, except between its two ResourceSpans', () => {
  const first = encode('Request', fromOtlpJson({ resourceSpans: goldenRequest.resourceSpans.slice(0, 1) }));
  for (let length = 1; length < golden.length; length += 1) {
    if (length === first.length) continue;
    const error = refusal(golden.subarray(0, length));
    assert.equal(error.code, 'malformed-protobuf');
    assert.ok(error.cause instanceof WireError && error.cause.offset <= length, `truncated at ${length}`);
  }
});

test('any bytes get a verdict; what passes, protobufjs decodes to as many spans', () => {
  const mutations = fc.array(fc.tuple(fc.nat({ max: golden.length - 1 }), fc.nat({ max: 255 })), {
    maxLength: 5,
  });
  const mutated = mutations.map((changes) => {
    const bytes = Uint8Array.from(golden);
    for (const [at, byte] of changes) bytes[at] = byte;
    return bytes;
  });
  const anyBytes = fc.oneof(
    mutated,
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array().map((b) => around(1, b)),
  );
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const result = verdict(bytes);
      if (typeof result === 'number') assert.equal(result, countSpans(bytes));
    }),
    { numRuns: 5000 },
  );
});

test('unknown fields of any wire type are stepped over, wherever they are', () => {
  const unknown = Buffer.concat([
    hex('c03e ffffffffffffffffff01'), // field 1000, varint of 64 bits
    hex('c13e 0000000000000000'), // fixed64
    hex('c23e 03 ffffff'), // delimited, no message
    hex('c53e 00000000'), // fixed32
    hex('1800'), // a number that Span knows and a ResourceSpans does not
  ]);
  const span = Buffer.concat([unknown.subarray(0, -2), hex('2a0161')]);
  assert.equal(
    verdict(around(1, unknown.subarray(0, -2), around(2, unknown.subarray(0, -2), around(2, span)))),
    1,
  );
});

test('a field may come again, in any order, and a tag or length in more bytes than it needs', () => {
  assert.equal(verdict(inSpan(hex('2a0161'), hex('3007'), hex('2a0162'), hex('3001'))), 1);
  assert.equal(verdict(inSpan(hex('aa00 8100 61'))), 1);
});

const refused: [what: string, bytes: Uint8Array, code: OtlpErrorCode, path: string, message: RegExp][] = [
  ['a varint of 11 bytes', inSpan(hex('30 ffffffffffffffffffff01')), 'malformed-protobuf', '.kind', /varint/],
  [
    'a varint beyond 64 bits',
    inSpan(hex('30 ffffffffffffffffff02')),
    'malformed-protobuf',
    '.kind',
    /varint/,
  ],
  ['a length of 2^31', inSpan(hex('2a 8080808008')), 'malformed-protobuf', '.name', /length 2147483648/],
  ['a length of 2^32', inSpan(hex('2a 8080808010')), 'malformed-protobuf', '.name', /length 4294967296/],
  ['a length of 2^32 + 1', inSpan(hex('2a 8180808010 61')), 'malformed-protobuf', '.name', /length/],
  ['a length of 2^63', inSpan(hex('2a 80808080808080808001')), 'malformed-protobuf', '.name', /length/],
  ['a length of 2^64 - 1', inSpan(hex('2a ffffffffffffffffff01')), 'malformed-protobuf', '.name', /length/],
  ['a length past its message', inSpan(hex('2a 05 61')), 'malformed-protobuf', '.name', /length 5/],
  [
    'a name that is a varint',
    inSpan(hex('28 01')),
    'malformed-protobuf',
    '.name',
    /wire type 0, must have 2/,
  ],
  [
    'a time that is a varint',
    inSpan(hex('38 01')),
    'malformed-protobuf',
    '.startTimeUnixNano',
    /must have 1/,
  ],
  ['field number 0', inSpan(hex('02 00')), 'malformed-protobuf', '', /field number 0/],
  ['a group', inSpan(hex('c33e c43e')), 'malformed-protobuf', '', /group/],
  ['wire type 7', inSpan(hex('2f 00')), 'malformed-protobuf', '', /wire type 7/],
  [
    'a fixed64 of 7 bytes',
    inSpan(hex('39 00000000000000')),
    'malformed-protobuf',
    '.startTimeUnixNano',
    /end inside/,
  ],
  ['a trace id of 15 bytes', inSpan(around(1, new Uint8Array(15))), 'bad-id-length', '.traceId', /15 bytes/],
  ['a span id of 16 bytes', inSpan(around(2, new Uint8Array(16))), 'bad-id-length', '.spanId', /16 bytes/],
  [
    'a parent of 1 byte',
    inSpan(around(4, new Uint8Array(1))),
    'bad-id-length',
    '.parentSpanId',
    /must have 8/,
  ],
  ['a long trace id', inSpan(around(1, new Uint8Array(300))), 'bad-id-length', '.traceId', /300 bytes/],
];

for (const [what, bytes, code, path, message] of refused) {
  test(`${what} is refused, with its place`, () => {
    const error = refusal(bytes);
    assert.equal(error.code, code);
    assert.equal(error.path, `resourceSpans[0].scopeSpans[0].spans[0]${path}`);
    assert.match(error.message, message);
  });
}

test('the path counts repeated fields and goes down to the value', () => {
  const broken = hex('08 01'); // an AnyValue whose stringValue is a varint
  const attribute = around(9, around(2, broken));
  const fine = around(9, around(1, Buffer.from('key')));
  const request = Buffer.concat([
    around(1),
    around(1, around(2), around(2, around(2), around(2, fine, attribute))),
  ]);
  assert.equal(
    refusal(request).path,
    'resourceSpans[1].scopeSpans[1].spans[1].attributes[1].value.stringValue',
  );
});

test('values may nest to the bound and no deeper', () => {
  const nested = (depth: number) => {
    let value: Uint8Array = around(1, Buffer.from('leaf'));
    for (let level = 1; level < depth; level += 1) value = around(5, around(1, value));
    return inSpan(around(9, around(2, value)));
  };
  assert.equal(verdict(nested(32)), 1);
  assert.match(refusal(nested(33)).message, /more than 32 deep/);
});

test('nesting of 100,000 is refused without exhausting the stack', () => {
  // Built from the inside out; the lengths of the outer levels take up to four bytes.
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let level = 0; level < 100_000; level += 1) {
    for (const field of [1, 5]) {
      const head = Buffer.concat([varint((field << 3) | 2), varint(length)]);
      parts.push(head);
      length += head.length;
    }
  }
  const value = Buffer.concat(parts.reverse());
  assert.match(refusal(inSpan(around(9, around(2, value)))).message, /more than 32 deep/);
});

test('logs and metrics are refused, and the error asks whether they are', () => {
  const logs = {
    resourceLogs: [
      { scopeLogs: [{ logRecords: [{ timeUnixNano: '1790856000042303001', severityNumber: 9 }] }] },
    ],
  };
  const observed = {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ observedTimeUnixNano: '1790856000042303001' }] }] }],
  };
  const metrics = {
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'process.cpu.time', unit: 's' }] }] }],
  };
  const named = { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'queue.depth' }] }] }] };
  const requests = [
    encode('LogsRequest', logs),
    encode('LogsRequest', observed),
    encode('MetricsRequest', named),
  ];
  for (const bytes of requests)
    assert.match(refusal(bytes).message, /logs or metrics\? Only traces are taken/);
  // A metric whose name happens to have the 16 bytes of a trace id is a span as far as the wire can tell.
  assert.equal(verdict(encode('MetricsRequest', metrics)), 1);
});
