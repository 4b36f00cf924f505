import assert from 'node:assert/strict';
import test from 'node:test';

import { BATCH_SPANS_MAX } from '../../src/simulator/exporter.js';
import type { ExportTraceServiceRequest } from '../../src/simulator/otlp-json.js';
import { Process } from '../../src/simulator/process.js';
import { Random } from '../../src/simulator/random.js';
import { Scheduler } from '../../src/simulator/scheduler.js';

const SECOND_US = 1_000_000;

function started() {
  const scheduler = new Scheduler();
  const requests: ExportTraceServiceRequest[] = [];
  const process = new Process(scheduler, new Random('test'), {
    serviceName: 'a-service',
    startMs: 1_000,
    observed: true,
    send: (request) => requests.push(request),
  });
  process.start('instance-1');
  const runUntil = (endUs: number): void => {
    while (scheduler.step(endUs));
  };
  const emit = (): void => {
    process.emit({
      traceId: 'ab'.repeat(16),
      spanId: 'cd'.repeat(8),
      name: 'channel.state',
      kind: 1,
      startUs: 0,
      attributes: {
        'channel.connected': true,
        'channel.rx.frames': 3,
        'channel.id': 'a',
        'error.type': undefined,
      },
    });
  };
  const spans = (request: ExportTraceServiceRequest | undefined) =>
    request?.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
  return { scheduler, process, requests, runUntil, emit, spans };
}

test('a span is dated by the clock of its process, its values typed by the contract', () => {
  const { process, requests, runUntil, emit, spans } = started();
  process.clockOffsetUs = 30 * SECOND_US;
  process.after(SECOND_US, emit);
  runUntil(10 * SECOND_US);
  const [span] = spans(requests[0]);
  assert.equal(span?.startTimeUnixNano, '31000000000');
  assert.equal(span.endTimeUnixNano, '32000000000');
  assert.deepEqual(span.attributes, [
    { key: 'channel.connected', value: { boolValue: true } },
    { key: 'channel.rx.frames', value: { intValue: '3' } },
    { key: 'channel.id', value: { stringValue: 'a' } },
  ]);
});

test('a batch leaves when it is full, or two seconds old', () => {
  const { process, requests, runUntil, emit, spans } = started();
  for (let count = 0; count < BATCH_SPANS_MAX + 1; count += 1) emit();
  assert.equal(requests.length, 1);
  runUntil(1.9 * SECOND_US);
  assert.equal(requests.length, 1);
  runUntil(2.1 * SECOND_US);
  assert.deepEqual(
    requests.map((request) => spans(request).length),
    [BATCH_SPANS_MAX, 1],
  );
  emit();
  process.stop();
  assert.equal(requests.length, 3);
});

test('a killed process exports nothing more, and its timers are dead even when it is started again', () => {
  const { process, requests, runUntil, emit } = started();
  let ticks = 0;
  process.every(SECOND_US, new Random('timer'), () => (ticks += 1));
  emit();
  process.kill();
  emit();
  process.start('instance-1');
  runUntil(10 * SECOND_US);
  assert.equal(ticks, 0);
  assert.equal(requests.length, 0);
});

test('a blocked loop defers, merges the ticks that it missed, and reports its lag once', () => {
  const { process, runUntil } = started();
  const ticks: number[] = [];
  const cancel = process.every(SECOND_US, new Random('timer'), () => ticks.push(process.nowUs));
  process.blockUntil(5 * SECOND_US);
  runUntil(5 * SECOND_US + 1);
  assert.deepEqual(ticks, [5 * SECOND_US]);
  assert.ok(process.takeLagMs() > 3_800);
  assert.equal(process.takeLagMs(), 0);
  runUntil(8.5 * SECOND_US);
  assert.ok(ticks.length === 4 || ticks.length === 5);
  const before = ticks.length;
  cancel();
  runUntil(20 * SECOND_US);
  assert.equal(ticks.length, before);
});
