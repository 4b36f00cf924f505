import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { json, post, protobuf, send, statusOf } from './client.js';
import { golden, goldenJson, run, stillWell } from './running.js';

const gzip = { 'content-encoding': 'gzip' };

interface Expected {
  readonly status: number;
  readonly why: RegExp;
}

/** The collector refuses with this status and reason, and is as good as before. */
async function refuses(
  t: TestContext,
  headers: Record<string, string>,
  body: Uint8Array | string,
  { status, why }: Expected,
): Promise<void> {
  const { port, producer } = await run(t, { wireBytesMax: 1_000_000, inflatedBytesMax: 1_000_000 });
  for (const length of body.length === 0 ? [true] : [true, false]) {
    const answer = await post(port, headers, body, { length });
    assert.equal(answer.status, status);
    assert.match(statusOf(answer).message, why);
    assert.notEqual(statusOf(answer).code, 0);
    const isOtlp = headers['content-type'] === protobuf['content-type'];
    assert.equal(answer.headers['content-type'], isOtlp ? 'application/x-protobuf' : 'application/json');
    assert.equal(answer.headers['retry-after'], undefined);
  }
  assert.equal(producer.published.length, 0);
  await stillWell(port);
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** A field of a span, within the three messages around it; short enough for lengths of one byte. */
const inSpan = (field: string) => {
  const bytes = hex(field);
  const [a, b, c] = [bytes.length, bytes.length + 2, bytes.length + 4];
  return Buffer.concat([Uint8Array.of(0x0a, c, 0x12, b, 0x12, a), bytes]);
};

const badProtobuf: [what: string, body: Uint8Array | string, why: RegExp][] = [
  ['text', 'hello', /malformed protobuf at byte/],
  ['JSON', goldenJson, /malformed protobuf at byte/],
  ['a varint of 11 bytes', inSpan('30 ffffffffffffffffffff01'), /spans\[0\]\.kind: .*varint/],
  ['a length of 2^31', inSpan('2a 8080808008'), /spans\[0\]\.name: .*length 2147483648/],
  ['a length of 2^32', inSpan('2a 8080808010'), /spans\[0\]\.name: .*length 4294967296/],
  ['a length of 2^63', inSpan('2a 80808080808080808001'), /spans\[0\]\.name: .*length/],
  ['nesting of 100,000', nested(100_000), /more than 32 deep/],
  ['a trace id of 4 bytes', inSpan('0a 04 00000000'), /spans\[0\]\.traceId: .*4 bytes/],
  // resourceLogs[0].scopeLogs[0].logRecords[0] with timeUnixNano, the first field of a log record.
  ['logs', inSpan('09 0102030405060708'), /logs or metrics\? Only traces are taken/],
  // resourceMetrics[0].scopeMetrics[0].metrics[0] with a name.
  ['metrics', inSpan('0a 05 71756575 65'), /logs or metrics\? Only traces are taken/],
];

/** Arrays within arrays in an attribute's value. */
function nested(depth: number): Buffer {
  const heads: Buffer[] = [];
  let length = 0;
  const wrap = (tag: number) => {
    const head = Buffer.concat([Uint8Array.of(tag), varint(length)]);
    heads.push(head);
    length += head.length;
  };
  for (let level = 0; level < depth; level += 1) for (const tag of [0x0a, 0x2a]) wrap(tag);
  for (const tag of [0x12, 0x4a, 0x12, 0x12, 0x0a]) wrap(tag);
  return Buffer.concat(heads.reverse());
}

function varint(value: number): Uint8Array {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

for (const [what, body, why] of badProtobuf) {
  test(`${what} as protobuf: 400`, (t) => refuses(t, protobuf, body, { status: 400, why }));
}

const badJson: [what: string, body: Uint8Array | string, why: RegExp][] = [
  ['nothing', '', /malformed JSON/],
  ['JSON cut short', goldenJson.slice(0, 100), /malformed JSON/],
  ['protobuf', golden, /malformed JSON|UTF-8/],
  ['bytes that are no UTF-8', hex('7bff7d'), /UTF-8/],
  ['a list', '[]', /expected an object, got an array/],
  ['a wrong value', goldenJson.replace('"ba72', '"xa72'), /spans\[0\]\.spanId: expected 16 hex digits/],
  ['brackets nested 100,000 deep', '['.repeat(100_000), /nested deeper than/],
  ['objects nested 100,000 deep', '{"a":'.repeat(100_000), /nested deeper than/],
  ['logs', '{"resourceLogs":[]}', /these are logs, only traces/],
  ['metrics', '{"resourceMetrics":[]}', /these are metrics, only traces/],
];

for (const [what, body, why] of badJson) {
  test(`${what} as JSON: 400`, (t) => refuses(t, json, body, { status: 400, why }));
}

const badGzip: [what: string, body: Uint8Array][] = [
  ['no gzip', golden],
  ['gzip cut short', gzipSync(golden).subarray(0, -5)],
  ['a gzip header alone', gzipSync(golden).subarray(0, 10)],
  ['gzip with a wrong checksum', Buffer.concat([gzipSync(golden).subarray(0, -8), new Uint8Array(8)])],
  ['gzip with trailing garbage', Buffer.concat([gzipSync(golden), Buffer.from('garbage')])],
  ['gzip and a member cut short', Buffer.concat([gzipSync(golden), gzipSync(golden).subarray(0, -5)])],
];

for (const [what, body] of badGzip) {
  test(`${what}: 400`, (t) =>
    refuses(t, { ...protobuf, ...gzip }, body, { status: 400, why: /no valid gzip/ }));
}

test('malformed protobuf within gzip: 400', (t) =>
  refuses(t, { ...protobuf, ...gzip }, gzipSync('hello'), { status: 400, why: /malformed protobuf/ }));

test('a body over the bound on the wire: 413', (t) =>
  refuses(t, protobuf, Buffer.alloc(40_000_000), {
    status: 413,
    why: /on the wire has more than 1000000 bytes/,
  }));

test('gzip over the bound on the wire: 413', (t) => {
  return refuses(t, { ...protobuf, ...gzip }, gzipSync(Buffer.alloc(1_100_000), { level: 0 }), {
    status: 413,
    why: /on the wire/,
  });
});

test('a gzip bomb of 200 MB in 200 kB: 413', (t) =>
  refuses(t, { ...protobuf, ...gzip }, gzipSync(Buffer.alloc(200_000_000)), {
    status: 413,
    why: /inflated has more than 1000000 bytes/,
  }));

test('a wrong Content-Type: 415 that names the right ones', async (t) => {
  const { port } = await run(t);
  for (const type of [undefined, 'text/plain', 'application/protobuf', 'application/grpc', '/', '']) {
    const answer = await post(port, type === undefined ? {} : { 'content-type': type }, golden);
    assert.equal(answer.status, 415, type);
    assert.match(statusOf(answer).message, /application\/x-protobuf or application\/json/);
  }
  await stillWell(port);
});

test('a Content-Encoding other than gzip: 415 that names gzip', async (t) => {
  const { port } = await run(t);
  for (const coding of ['deflate', 'br', 'zstd', 'gzip, gzip']) {
    const answer = await post(port, { ...protobuf, 'content-encoding': coding }, golden);
    assert.equal(answer.status, 415);
    assert.equal(answer.headers['accept-encoding'], 'gzip');
    assert.match(statusOf(answer).message, /must be gzip or absent/);
  }
  await stillWell(port);
});

test('other methods: 405 with Allow', async (t) => {
  const { port } = await run(t);
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
    const answer = await send(port, method, '/v1/traces', protobuf);
    assert.equal(answer.status, 405, method);
    assert.equal(answer.headers.allow, 'POST');
  }
  assert.equal((await send(port, 'POST', '/healthz', json, '{}')).headers.allow, 'GET, HEAD');
  await stillWell(port);
});

test('other signals and other paths: 404 that says where spans go', async (t) => {
  const { port } = await run(t);
  for (const path of ['/v1/logs', '/v1/metrics', '/v1development/profiles']) {
    const answer = await send(port, 'POST', path, protobuf, golden);
    assert.equal(answer.status, 404);
    assert.match(statusOf(answer).message, /only traces are taken here: spans go to POST \/v1\/traces/);
  }
  for (const path of [
    '/',
    '/v1/traces/',
    '/v1',
    '/constructor',
    '/v1/traces%2f',
    '/%zz',
    '/%00',
    `/${'x'.repeat(2000)}`,
  ]) {
    const answer = await send(port, 'POST', path, json, goldenJson);
    assert.ok(answer.status === 404 || answer.status === 400, `${path}: ${answer.status}`);
    assert.notEqual(statusOf(answer).message, '');
  }
  await stillWell(port);
});

test('a golden request truncated at every byte, in protobuf and in JSON: never a 500', async (t) => {
  const { port } = await run(t);
  for (let length = 0; length < golden.length; length += 1) {
    const answer = await post(port, protobuf, golden.subarray(0, length));
    assert.equal(answer.status, length === 0 ? 200 : 400, `protobuf truncated at ${length}`);
  }
  for (let length = 0; length < goldenJson.length; length += 1) {
    assert.equal(
      (await post(port, json, goldenJson.slice(0, length))).status,
      400,
      `JSON truncated at ${length}`,
    );
  }
  const zipped = gzipSync(golden);
  for (let length = 1; length < zipped.length; length += 1) {
    const answer = await post(port, { ...protobuf, ...gzip }, zipped.subarray(0, length));
    assert.equal(answer.status, 400, `gzip truncated at ${length}`);
  }
  await stillWell(port);
});

test('any bytes in any declared form get an answer, never a 500', async (t) => {
  const { port } = await run(t);
  const headers = fc.constantFrom(protobuf, json, { ...protobuf, ...gzip }, { ...json, ...gzip });
  const body = fc.oneof(
    fc.uint8Array(),
    fc.uint8Array().map((bytes) => gzipSync(bytes)),
    fc.json(),
  );
  await fc.assert(
    fc.asyncProperty(headers, body, async (ofHeaders, ofBody) => {
      const { status } = await post(port, ofHeaders, ofBody);
      assert.ok(status === 200 || status === 400, `status ${status}`);
    }),
    { numRuns: 300 },
  );
  await stillWell(port);
});
