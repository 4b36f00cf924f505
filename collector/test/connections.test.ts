import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Registry } from 'prom-client';
import { open, post, protobuf, readToEnd, send } from './client.js';
import { deferred } from './producer.js';
import { golden, run, stillWell } from './running.js';

const head = (length: number, ...headers: string[]) =>
  ['POST /v1/traces HTTP/1.1', 'Host: x', 'Content-Type: application/x-protobuf', `Content-Length: ${length}`]
    .concat(headers, '', '')
    .join('\r\n');

/** Waits until a metric has the value. */
async function reaches(port: number, metric: string, value: number): Promise<void> {
  for (;;) {
    const metrics = (await send(port, 'GET', '/metrics')).body.toString();
    if (metrics.split('\n').includes(`${metric} ${value}`)) return;
  }
}

test('headers that do not come whole: 408, and the connection is closed', async (t) => {
  const { port } = await run(t, { requestTimeoutMs: 100 });
  const socket = await open(port);
  socket.write('POST /v1/traces HTTP/1.1\r\nHost:');
  const answer = await readToEnd(socket);
  assert.match(answer, /^HTTP\/1.1 408 /);
  assert.match(answer, /"message":"the request did not come whole in time"/);
  await stillWell(port);
});

test('a body that does not come whole: 408, and the connection is closed', async (t) => {
  const { port, producer } = await run(t, { requestTimeoutMs: 100 });
  for (const headers of [[], ['Content-Encoding: gzip']]) {
    const socket = await open(port);
    socket.write(head(golden.length, ...headers));
    socket.write(headers.length === 0 ? golden.subarray(0, 50) : gzipSync(golden).subarray(0, 50));
    assert.match(await readToEnd(socket), /^HTTP\/1.1 408 /);
  }
  assert.equal(producer.published.length, 0);
  await stillWell(port);
});

test('a sender that goes away amid its body leaves nothing behind', async (t) => {
  const { port, producer } = await run(t);
  for (const headers of [[], ['Content-Encoding: gzip']]) {
    const socket = await open(port);
    socket.write(head(1_000_000, ...headers));
    socket.write(headers.length === 0 ? Buffer.alloc(100_000) : gzipSync(golden).subarray(0, 50));
    await reaches(port, 'halfopen_collector_in_flight_requests', 1);
    socket.resetAndDestroy();
    await reaches(port, 'halfopen_collector_in_flight_requests', 0);
  }
  await reaches(port, 'halfopen_collector_refusals_total{code="body-cut-short"}', 2);
  assert.equal(producer.published.length, 0);
  await stillWell(port);
});

test('a sender that goes away before its answer: its spans are kept', async (t) => {
  const { port, producer } = await run(t);
  const published = deferred();
  const durable = deferred();
  producer.outcome = () => {
    published.resolve();
    return durable.promise;
  };
  const socket = await open(port);
  socket.write(head(golden.length));
  socket.write(golden);
  await published.promise;
  socket.resetAndDestroy();
  await once(socket, 'close');
  durable.resolve();
  await reaches(port, 'halfopen_collector_spans_total', 2);
  producer.outcome = () => Promise.resolve();
  await stillWell(port);
});

test('what is no HTTP gets an answer as well', async (t) => {
  const { port } = await run(t);
  for (const [text, status] of [
    ['hello\r\n\r\n', 400],
    ['\x16\x03\x01\x02\x00\x01\x00', 400],
    [`POST /v1/traces HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
    ['POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n', 400],
  ] as const) {
    const socket = await open(port);
    socket.write(text);
    const answer = await readToEnd(socket);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), text.slice(0, 40));
    assert.match(answer, /"message":"/);
  }
  await stillWell(port);
});

test('connections past the bound are closed at once', async (t) => {
  const { port } = await run(t, { connectionsMax: 2 });
  const kept = [await open(port), await open(port)];
  assert.equal(await readToEnd(await open(port)), '');
  for (const socket of kept) {
    socket.destroy();
    await once(socket, 'close');
  }
  // The server learns of the closed connections a moment later than this side.
  while (
    await post(port, protobuf, golden).then(
      ({ status }) => status !== 200,
      () => true,
    )
  );
});

test('closing answers what is under way, refuses what comes meanwhile, then ends its connections', async (t) => {
  const registry = new Registry();
  const { port, producer, close } = await run(t, { closeTimeoutMs: 60_000 }, { registry });
  const published = deferred();
  const durable = deferred();
  producer.outcome = () => {
    published.resolve();
    return durable.promise;
  };
  const socket = await open(port);
  const text = readToEnd(socket);
  socket.write(head(golden.length));
  socket.write(golden);
  await published.promise;
  const closed = close();
  socket.write(head(golden.length));
  socket.write(golden);
  while (!(await registry.metrics()).includes('refusals_total{code="closed"} 1')) await setImmediate();
  durable.resolve();
  await closed;
  const answers = (await text).match(/HTTP\/1.1 \d+/g);
  assert.deepEqual(answers, ['HTTP/1.1 200', 'HTTP/1.1 503']);
});

test('closing is bounded: a connection that does not end is ended', async (t) => {
  const { port, producer, close } = await run(t, { closeTimeoutMs: 30 });
  const published = deferred();
  producer.outcome = () => {
    published.resolve();
    return new Promise(() => undefined);
  };
  const socket = await open(port);
  const text = readToEnd(socket);
  socket.write(head(golden.length));
  socket.write(golden);
  await published.promise;
  await close();
  assert.equal(await text, '');
});
