import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { checkTraceRequest, splitTraceRequest } from '../src/index.js';
import { decode, encode, fromOtlpJson } from './oracle.js';
import { goldenRequest, requests } from './requests.js';

interface Decoded {
  readonly resourceSpans?: readonly {
    readonly scopeSpans?: readonly { readonly spans?: readonly unknown[] }[];
  }[];
}

/** Each span with all that stands around it, in order. */
function spansOf(bytes: Uint8Array): string[] {
  const { resourceSpans = [] } = decode('Request', bytes) as Decoded;
  return resourceSpans.flatMap(({ scopeSpans = [], ...resource }) =>
    scopeSpans.flatMap(({ spans = [], ...scope }) =>
      spans.map((span) => JSON.stringify({ resource, scope, span })),
    ),
  );
}

test('every span is in one part, in order, with its resource and scope, and no part is larger than allowed', () => {
  let split = 0;
  fc.assert(
    fc.property(requests, fc.double({ min: 0.3, max: 1, noNaN: true }), (json, share) => {
      const bytes = encode('Request', fromOtlpJson(json));
      const bytesMax = Math.ceil(bytes.length * share);
      const parts = splitTraceRequest(bytes, bytesMax);
      if (parts === undefined) return;
      if (parts.length > 1) split++;
      for (const part of parts) {
        assert.ok(part.length <= bytesMax);
        checkTraceRequest(part);
      }
      assert.deepEqual(parts.flatMap(spansOf), spansOf(bytes));
      assert.deepEqual(splitTraceRequest(bytes, bytesMax), parts, 'the same bytes give the same parts');
    }),
    { numRuns: 500 },
  );
  assert.ok(split > 20, `only ${split} requests were split`);
});

test('a request that fits is left as it is, byte for byte', () => {
  const bytes = encode('Request', fromOtlpJson(goldenRequest));
  assert.deepEqual(splitTraceRequest(bytes, bytes.length), [bytes]);
});

test('a span that does not fit by itself has no parts', () => {
  const bytes = encode('Request', fromOtlpJson(goldenRequest));
  assert.equal(splitTraceRequest(bytes, 40), undefined);
});

test('parts are filled: many small spans make as few parts as their bytes need, and a few bytes more', () => {
  const span = { name: 'x'.repeat(80) };
  const json = { resourceSpans: [{ scopeSpans: [{ spans: Array.from({ length: 1000 }, () => span) }] }] };
  const bytes = encode('Request', fromOtlpJson(json));
  const parts = splitTraceRequest(bytes, 10_000);
  assert.ok(
    parts !== undefined && parts.length <= Math.ceil(bytes.length / 10_000) + 1,
    String(parts?.length),
  );
});
