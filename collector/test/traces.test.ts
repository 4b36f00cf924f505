import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { checkTraceRequest } from '@halfopen/otlp';
import { json, open, post, protobuf, readToEnd, send } from './client.js';
import { deferred } from './producer.js';
import { golden, goldenJson, run } from './running.js';

test('protobuf is published as it came, JSON as protobuf; both get a 200 in their own type', async (t) => {
  const { port, producer } = await run(t);
  const ofProtobuf = await post(port, protobuf, golden);
  assert.equal(ofProtobuf.status, 200);
  assert.equal(ofProtobuf.headers['content-type'], 'application/x-protobuf');
  assert.equal(ofProtobuf.body.length, 0);

  const ofJson = await post(port, json, goldenJson);
  assert.equal(ofJson.status, 200);
  assert.equal(ofJson.headers['content-type'], 'application/json');
  assert.equal(ofJson.body.toString(), '{}');

  assert.deepEqual(producer.published, [golden, golden]);
});

test('gzip is inflated, of one member or several, with or without a Content-Length', async (t) => {
  const { port, producer } = await run(t);
  const gzip = { 'content-encoding': 'gzip' };
  const half = Math.floor(golden.length / 2);
  const members = Buffer.concat([gzipSync(golden.subarray(0, half)), gzipSync(golden.subarray(half))]);
  for (const body of [gzipSync(golden), members]) {
    for (const length of [true, false]) {
      assert.equal((await post(port, { ...protobuf, ...gzip }, body, { length })).status, 200);
    }
  }
  assert.equal((await post(port, { ...json, 'content-encoding': 'GZIP' }, gzipSync(goldenJson))).status, 200);
  assert.deepEqual(producer.published, new Array(5).fill(golden));
});

test('a body in many pieces is published whole', async (t) => {
  const { port, producer } = await run(t);
  const large = Buffer.concat(new Array<Buffer>(2000).fill(golden));
  assert.equal((await post(port, protobuf, large, { length: false })).status, 200);
  assert.deepEqual(producer.published, [large]);
});

test('Content-Type may have parameters and any case, Content-Encoding may say identity', async (t) => {
  const { port } = await run(t);
  for (const headers of [
    { 'content-type': 'application/x-protobuf; messageType="ExportTraceServiceRequest"' },
    { 'content-type': 'Application/X-Protobuf', 'content-encoding': 'identity' },
  ]) {
    assert.equal((await post(port, headers, golden)).status, 200);
  }
  assert.equal(
    (await post(port, { 'content-type': 'application/json;charset=utf-8' }, goldenJson)).status,
    200,
  );
  assert.equal((await send(port, 'POST', '/v1/traces?tenant=a', protobuf, golden)).status, 200);
});

test('a request without spans gets its 200 and is not published', async (t) => {
  const { port, producer } = await run(t);
  assert.equal((await post(port, protobuf, '')).status, 200);
  assert.equal((await post(port, json, '{}')).status, 200);
  assert.equal((await post(port, json, '{"resourceSpans":[{"resource":{}}]}')).status, 200);
  assert.equal(producer.published.length, 0);
});

test('the 200 waits until the stream says durable', async (t) => {
  const { port, producer } = await run(t);
  const published = deferred();
  const durable = deferred();
  producer.outcome = () => {
    published.resolve();
    return durable.promise;
  };
  let answered = false;
  const answer = post(port, protobuf, golden).finally(() => (answered = true));
  await published.promise;
  // Were it answered before the stream, this other request, begun and ended since, would come second.
  await send(port, 'GET', '/healthz');
  assert.equal(answered, false);
  durable.resolve();
  assert.equal((await answer).status, 200);
});

test('several requests follow each other on one connection', async (t) => {
  const { port, producer } = await run(t);
  const socket = await open(port);
  const head = `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n`;
  socket.write(`${head}Content-Length: ${golden.length}\r\n\r\n`);
  socket.write(golden);
  socket.write(`${head}Connection: close\r\nContent-Length: ${golden.length}\r\n\r\n`);
  socket.write(golden);
  assert.equal((await readToEnd(socket)).match(/HTTP\/1.1 200 OK/g)?.length, 2);
  assert.equal(producer.published.length, 2);
});

test('what is larger than the stream takes is published in parts; a span that is larger by itself is a 413', async (t) => {
  const { port, producer } = await run(t);
  producer.messageBytesMax = golden.length * 3;
  const large = Buffer.concat(new Array<Buffer>(20).fill(golden));
  assert.equal((await post(port, protobuf, large)).status, 200);
  assert.ok(producer.published.length >= 7);
  assert.ok(producer.published.every(({ length }) => length <= golden.length * 3));
  const spans = producer.published.reduce((sum, part) => sum + checkTraceRequest(part).spans, 0);
  assert.equal(spans, checkTraceRequest(large).spans);

  producer.messageBytesMax = 30;
  const before = producer.published.length;
  const refused = await post(port, json, goldenJson);
  assert.equal(refused.status, 413);
  assert.match(refused.body.toString(), /a span has more than the 30 bytes that the stream takes/);
  assert.equal(producer.published.length, before, 'nothing of it is published');
});
