import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';

import { checkTraceRequest, traceRequestFromJson } from '@halfopen/otlp';

import { record, simulate } from '../src/index.js';

test('a recording is OTLP JSON lines that the product takes, span for span, and the same each time', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'halfopen-lab-'));
  t.after(() => rm(folder, { recursive: true }));
  const simulation = simulate({ channels: 4, durationMs: 240_000, faults: [{ name: 'stream-desync' }] });
  await record(simulation, join(folder, 'a.jsonl.gz'));
  await record(simulation, join(folder, 'b.jsonl.gz'));
  const bytes = await readFile(join(folder, 'a.jsonl.gz'));
  assert.deepEqual(bytes, await readFile(join(folder, 'b.jsonl.gz')));

  const requests = [...simulation.exports()].map(({ request }) => request);
  const lines = gunzipSync(bytes).toString().trimEnd().split('\n');
  assert.equal(lines.length, requests.length);
  lines.forEach((line, index) => {
    const { bytes: protobuf } = traceRequestFromJson(Buffer.from(line));
    assert.equal(
      checkTraceRequest(protobuf).spans,
      requests[index]?.resourceSpans[0]?.scopeSpans[0]?.spans.length,
    );
  });
});
