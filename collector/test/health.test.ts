import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { Counter, Registry } from 'prom-client';
import type { Readiness } from '../src/index.js';
import { post, protobuf, send } from './client.js';
import { golden, run } from './running.js';

test('/healthz says that the process is up', async (t) => {
  const { port } = await run(t);
  const answer = await send(port, 'GET', '/healthz');
  assert.equal(answer.status, 200);
  assert.deepEqual(JSON.parse(answer.body.toString()), { status: 'up' });
  assert.equal((await send(port, 'HEAD', '/healthz')).status, 200);
});

test('/readyz says whether it is ready, and why not', async (t) => {
  let readiness: Readiness = { ready: true };
  const { port } = await run(t, {}, { ready: () => readiness });
  const ready = await send(port, 'GET', '/readyz');
  assert.equal(ready.status, 200);
  assert.deepEqual(JSON.parse(ready.body.toString()), { ready: true, reasons: [] });

  readiness = { ready: false, reason: 'the store is not open yet' };
  const unready = await send(port, 'GET', '/readyz');
  assert.equal(unready.status, 503);
  assert.deepEqual(JSON.parse(unready.body.toString()), {
    ready: false,
    reasons: ['the store is not open yet'],
  });
});

test('/metrics counts what happened, beside what the registry has already', async (t) => {
  const registry = new Registry();
  new Counter({ name: 'of_another_part_total', help: 'x', registers: [registry] }).inc(5);
  const { port } = await run(t, {}, { registry });
  const zipped = gzipSync(golden);
  await post(port, protobuf, golden);
  await post(port, { ...protobuf, 'content-encoding': 'gzip' }, zipped);
  await post(port, protobuf, 'malformed');
  await send(port, 'GET', '/v1/logs');

  const answer = await send(port, 'GET', '/metrics');
  assert.match(answer.headers['content-type'] ?? '', /^text\/plain; version=0.0.4/);
  const lines = answer.body.toString().split('\n');
  for (const line of [
    'of_another_part_total 5',
    'halfopen_collector_requests_total{status="200"} 2',
    'halfopen_collector_requests_total{status="400"} 1',
    'halfopen_collector_requests_total{status="404"} 1',
    'halfopen_collector_refusals_total{code="malformed-protobuf"} 1',
    'halfopen_collector_refusals_total{code="not-found"} 1',
    'halfopen_collector_spans_total 4',
    `halfopen_collector_wire_bytes_total ${golden.length + zipped.length + 'malformed'.length}`,
    `halfopen_collector_inflated_bytes_total ${2 * golden.length + 'malformed'.length}`,
    'halfopen_collector_in_flight_requests 0',
    'halfopen_collector_in_flight_bytes 0',
    'halfopen_collector_request_duration_seconds_count 3',
  ]) {
    assert.ok(lines.includes(line), `${line}, in\n${lines.join('\n')}`);
  }
});
