import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { checkTraceRequest, OtlpError, traceRequestFromJson, type OtlpErrorCode } from '../../src/index.js';
import { countSpans, decode, encode, fromOtlpJson } from '../oracle.js';
import { goldenRequest, requests } from '../requests.js';

/** What a request comes to, told by protobufjs. */
function meaning(bytes: Uint8Array): Record<string, unknown> {
  return decode('Request', bytes);
}

/** A span in OTLP/JSON, as text, and what becomes of it. */
function span(text: string): Record<string, unknown> {
  const { bytes } = traceRequestFromJson(`{"resourceSpans":[{"scopeSpans":[{"spans":[${text}]}]}]}`);
  const { resourceSpans } = meaning(bytes) as { resourceSpans: { scopeSpans: { spans: object[] }[] }[] };
  return { ...resourceSpans[0]!.scopeSpans[0]!.spans[0]! };
}

function refusal(json: string | Uint8Array): OtlpError {
  try {
    traceRequestFromJson(json);
  } catch (error) {
    assert.ok(error instanceof OtlpError, `expected an OtlpError, got ${String(error)}`);
    return error;
  }
  assert.fail('must be refused');
}

test('a request in JSON means what protobufjs makes of it', () => {
  fc.assert(
    fc.property(requests, (json) => {
      const { bytes, spans } = traceRequestFromJson(JSON.stringify(json));
      const expected = encode('Request', fromOtlpJson(json));
      // An emptied string, and zero, may be written or left out: compare after a second pass through protobufjs.
      assert.deepEqual(meaning(encode('Request', meaning(bytes))), meaning(expected));
      assert.equal(spans, countSpans(expected));
      assert.deepEqual(checkTraceRequest(bytes), { spans });
    }),
  );
});

test('every field of the golden request arrives', () => {
  const { bytes, spans } = traceRequestFromJson(JSON.stringify(goldenRequest));
  assert.deepEqual(meaning(bytes), meaning(encode('Request', fromOtlpJson(goldenRequest))));
  assert.equal(spans, 3);
});

test('text and its UTF-8 bytes give the same protobuf, every time', () => {
  const text = JSON.stringify(goldenRequest);
  const { bytes } = traceRequestFromJson(text);
  assert.deepEqual(traceRequestFromJson(Buffer.from(text)).bytes, bytes);
  assert.deepEqual(traceRequestFromJson(Buffer.from(`\ufeff${text}`)).bytes, bytes);
});

test('any text gets a request or an OtlpError', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.json().map((value) => `{"resourceSpans":[{"scopeSpans":[{"spans":[${value}]}]}]}`),
    fc
      .json()
      .map((value) => `{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"value":${value}}]}]}]}]}`),
    fc.nat().map((at) => JSON.stringify(goldenRequest).slice(0, at % JSON.stringify(goldenRequest).length)),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        const { bytes, spans } = traceRequestFromJson(text);
        assert.deepEqual(checkTraceRequest(bytes), { spans });
      } catch (error) {
        if (!(error instanceof OtlpError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});

test('64-bit integers are exact, as strings and as numbers', () => {
  const text = '{"startTimeUnixNano":1790856000042303001,"endTimeUnixNano":"1790856000042303003"}';
  assert.deepEqual(span(text), {
    startTimeUnixNano: '1790856000042303001',
    endTimeUnixNano: '1790856000042303003',
  });
});

test('enums are taken as numbers and as names, ids in either case, unknown fields and nulls ignored', () => {
  assert.deepEqual(span('{"kind":"SPAN_KIND_SERVER","status":{"code":"STATUS_CODE_ERROR"}}'), {
    kind: 2,
    status: { code: 2 },
  });
  assert.deepEqual(span('{"kind":77,"spanId":"BA72FBF129EF4B7E","traceId":""}'), {
    kind: 77,
    spanId: Buffer.from('ba72fbf129ef4b7e', 'hex').toString('base64'),
  });
  assert.deepEqual(span('{"later":{"nested":[1]},"name":null,"attributes":null,"trace_state":"x"}'), {});
});

test('names that every object has are unknown fields like others', () => {
  assert.deepEqual(span('{"__proto__":{"name":"x"},"constructor":1,"toString":2,"name":"y"}'), { name: 'y' });
});

test('of several values the last one counts', () => {
  const attributes = '[{"key":"k","value":{"stringValue":"x","intValue":"1","boolValue":null}}]';
  assert.deepEqual(span(`{"attributes":${attributes}}`), {
    attributes: [{ key: 'k', value: { intValue: '1' } }],
  });
});

test('base64 is taken in both alphabets, padded or not', () => {
  for (const bytesValue of ['+/8=', '-_8=', '+/8', '-_8']) {
    const spanOf = span(`{"attributes":[{"value":{"bytesValue":"${bytesValue}"}}]}`);
    assert.deepEqual(spanOf, { attributes: [{ value: { bytesValue: '+/8=' } }] });
  }
});

test('a lone surrogate becomes U+FFFD', () => {
  assert.deepEqual(span('{"name":"a\\ud800b"}'), { name: 'a\ufffdb' });
});

const inSpan = (text: string) => `{"resourceSpans":[{"scopeSpans":[{"spans":[${text}]}]}]}`;
const spanPath = 'resourceSpans[0].scopeSpans[0].spans[0]';
const inValue = (text: string) => inSpan(`{"attributes":[{"key":"k","value":${text}}]}`);
const valuePath = `${spanPath}.attributes[0].value`;

const refused: [json: string, code: OtlpErrorCode, path: string, message: RegExp][] = [
  ['', 'malformed-json', '', /malformed JSON/],
  ['{"resourceSpans":[', 'malformed-json', '', /malformed JSON/],
  ['[]', 'bad-value', '', /expected an object, got an array/],
  ['null', 'bad-value', '', /expected an object, got null/],
  ['"traces"', 'bad-value', '', /expected an object, got "traces"/],
  ['{"resourceSpans":{}}', 'bad-value', 'resourceSpans', /expected an array, got an object/],
  ['{"resourceSpans":[null]}', 'bad-value', 'resourceSpans[0]', /expected an object, got null/],
  ['{"resourceLogs":[]}', 'other-signal', 'resourceLogs', /these are logs, only traces/],
  ['{"resourceMetrics":[]}', 'other-signal', 'resourceMetrics', /these are metrics, only traces/],
  [inSpan('{"name":5}'), 'bad-value', `${spanPath}.name`, /expected a string, got 5/],
  [
    inSpan('{"startTimeUnixNano":"abc"}'),
    'bad-value',
    `${spanPath}.startTimeUnixNano`,
    /unsigned 64-bit.*"abc"/,
  ],
  [inSpan('{"startTimeUnixNano":-1}'), 'bad-value', `${spanPath}.startTimeUnixNano`, /got -1/],
  [
    inSpan('{"endTimeUnixNano":"18446744073709551616"}'),
    'bad-value',
    `${spanPath}.endTimeUnixNano`,
    /64-bit/,
  ],
  [inSpan('{"endTimeUnixNano":1.5}'), 'bad-value', `${spanPath}.endTimeUnixNano`, /got 1.5/],
  [inSpan('{"flags":4294967296}'), 'bad-value', `${spanPath}.flags`, /unsigned 32-bit/],
  [inSpan('{"traceId":"00112233"}'), 'bad-value', `${spanPath}.traceId`, /32 hex digits/],
  [inSpan('{"spanId":"001122334455667g"}'), 'bad-value', `${spanPath}.spanId`, /16 hex digits/],
  [inSpan('{"kind":"SERVER"}'), 'bad-value', `${spanPath}.kind`, /SPAN_KIND_SERVER.*got "SERVER"/],
  [inSpan('{"kind":2147483648}'), 'bad-value', `${spanPath}.kind`, /32-bit/],
  [
    inSpan('{"events":[{},{"attributes":[{"key":[]}]}]}'),
    'bad-value',
    `${spanPath}.events[1].attributes[0].key`,
    /./,
  ],
  [inValue('{"boolValue":"true"}'), 'bad-value', `${valuePath}.boolValue`, /true or false/],
  [inValue('{"intValue":"0x10"}'), 'bad-value', `${valuePath}.intValue`, /signed 64-bit/],
  [inValue('{"doubleValue":"one"}'), 'bad-value', `${valuePath}.doubleValue`, /a number/],
  [inValue('{"bytesValue":"AA*="}'), 'bad-value', `${valuePath}.bytesValue`, /base64/],
  [inValue('"text"'), 'bad-value', valuePath, /expected an object, got "text"/],
];

for (const [json, code, path, message] of refused) {
  test(`${json} is refused, with its place`, () => {
    const error = refusal(json);
    assert.equal(error.code, code);
    assert.equal(error.path, path);
    assert.match(error.message, message);
  });
}

test('bytes that are no UTF-8 are refused', () => {
  assert.equal(refusal(Uint8Array.of(0x7b, 0xff, 0x7d)).code, 'malformed-json');
});

test('an error shows only the beginning of a long value', () => {
  assert.ok(refusal(inSpan(`{"kind":"${'x'.repeat(10_000)}"}`)).message.length < 300);
});

test('nesting of 100,000 is refused without exhausting the stack', () => {
  for (const open of ['[', '{"a":', '{"resourceSpans":[', '{"arrayValue":{"values":[']) {
    assert.equal(refusal(open.repeat(100_000)).code, 'over-bounds');
  }
});

test('values may nest to the bound and no deeper', () => {
  const nested = (depth: number, open: string, close: string) =>
    inValue(`${open.repeat(depth - 1)}{"stringValue":"leaf"}${close.repeat(depth - 1)}`);
  for (const [open, close] of [
    ['{"arrayValue":{"values":[', ']}}'],
    ['{"kvlistValue":{"values":[{"value":', '}]}}'],
  ] as const) {
    assert.equal(traceRequestFromJson(nested(32, open, close)).spans, 1);
    assert.match(refusal(nested(33, open, close)).message, /more than 32 deep/);
  }
});

test('the recorded samples convert, line by line', () => {
  const folder = new URL('../../../../lab/samples/', import.meta.url);
  const lines = gunzipSync(readFileSync(new URL('listener-down.jsonl.gz', folder)))
    .toString()
    .trim()
    .split('\n');
  for (const line of lines) {
    const { bytes } = traceRequestFromJson(line);
    assert.deepEqual(
      meaning(encode('Request', meaning(bytes))),
      meaning(encode('Request', fromOtlpJson(JSON.parse(line)))),
    );
  }
});
