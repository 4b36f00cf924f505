import assert from 'node:assert/strict';
import test from 'node:test';
import { StreamError, type StreamErrorCode } from '@halfopen/stream';
import { gzipSync } from 'node:zlib';
import { json, post, protobuf, send, statusOf } from './client.js';
import { deferred } from './producer.js';
import { golden, goldenJson, run, stillWell } from './running.js';

const answers: [
  code: StreamErrorCode,
  retryAfterS: number,
  status: number,
  retryAfter: string | undefined,
][] = [
  ['overloaded', 2.2, 429, '3'],
  ['unavailable', 0, 503, '1'],
  ['closed', 30, 503, '30'],
  ['too-large', 0, 413, undefined],
];

for (const [code, retryAfterS, status, retryAfter] of answers) {
  test(`a stream that is ${code}: ${status}`, async (t) => {
    const { port, producer } = await run(t);
    producer.outcome = () => Promise.reject(new StreamError(code, `the stream is ${code}`, retryAfterS));
    for (const [headers, body] of [
      [protobuf, golden],
      [json, goldenJson],
    ] as const) {
      const answer = await post(port, headers, body);
      assert.equal(answer.status, status);
      assert.equal(answer.headers['retry-after'], retryAfter);
      assert.equal(answer.headers['content-type'], headers['content-type']);
      assert.equal(statusOf(answer).message, `the stream is ${code}`);
    }
    producer.outcome = () => Promise.resolve();
    await stillWell(port);
  });
}

test('a stream that fails in a way of its own: 503, since senders drop what gets a 500', async (t) => {
  const { port, producer } = await run(t);
  for (const outcome of [() => Promise.reject(new TypeError('bug')), () => assert.fail('bug at once')]) {
    producer.outcome = outcome;
    const answer = await post(port, protobuf, golden);
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['retry-after'], '1');
    assert.doesNotMatch(statusOf(answer).message, /bug/);
  }
  producer.outcome = () => Promise.resolve();
  await stillWell(port);
});

test('a publish past its deadline: 503, and its bytes count until the stream lets go of them', async (t) => {
  const { port, producer } = await run(t, { publishTimeoutMs: 30 });
  const hung = deferred();
  producer.outcome = () => hung.promise;
  const answer = await post(port, protobuf, golden);
  assert.equal(answer.status, 503);
  assert.equal(answer.headers['retry-after'], '1');
  assert.match(statusOf(answer).message, /not durable within 30 ms/);

  const held = (await send(port, 'GET', '/metrics')).body.toString();
  assert.match(held, new RegExp(`^halfopen_collector_in_flight_bytes ${golden.length}$`, 'm'));
  hung.reject(new StreamError('unavailable', 'too late', 1));
  producer.outcome = () => Promise.resolve();
  await stillWell(port);
});

test('past the budget of bytes under way: 429, until some are done', async (t) => {
  const { port, producer } = await run(t, { inFlightBytesMax: 3 * golden.length });
  const durable = deferred();
  let begun = 0;
  const three = deferred();
  producer.outcome = () => {
    begun += 1;
    if (begun === 3) three.resolve();
    return durable.promise;
  };
  const waiting = [1, 2, 3].map(() => post(port, protobuf, golden));
  await three.promise;
  for (const [headers, body] of [
    [protobuf, golden],
    [{ ...protobuf, 'content-encoding': 'gzip' }, gzipSync(golden)],
    [{ ...json, 'content-encoding': 'gzip' }, gzipSync(goldenJson)],
  ] as const) {
    const answer = await post(port, headers, body);
    assert.equal(answer.status, 429);
    assert.equal(answer.headers['retry-after'], '1');
    assert.match(statusOf(answer).message, /too many bytes/);
  }
  durable.resolve();
  for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 200);
  await stillWell(port);
});

test('gzip bombs side by side stay within the budget together', async (t) => {
  const { port } = await run(t, { inflatedBytesMax: 50_000_000, inFlightBytesMax: 1_000_000 });
  const bomb = gzipSync(Buffer.alloc(20_000_000));
  const bombs = Array.from({ length: 8 }, () =>
    post(port, { ...protobuf, 'content-encoding': 'gzip' }, bomb),
  );
  for (const { status } of await Promise.all(bombs)) assert.equal(status, 429);
  await stillWell(port);
});
