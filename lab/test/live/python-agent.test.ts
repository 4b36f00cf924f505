import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LiveFleet } from '../../src/index.js';
import { assertContractual } from '../contractual.js';
import { SpanRecorder, type ToldSpan } from './told.js';

const run = promisify(execFile);
const SETUP = fileURLToPath(new URL('../../../../scripts/setup/python.mjs', import.meta.url));
const PYTHON_TESTS = fileURLToPath(new URL('../../../python/test_channel_telemetry.py', import.meta.url));

/** Of each agent: two heartbeats, and with them whatever else there is. */
const HEARTBEATS = 2;
const PATIENCE_MS = 60_000;

/** What was told of a channel by its agent. */
function by(spans: readonly ToldSpan[], channel: string): ToldSpan[] {
  return spans.filter(
    ({ attributes }) => attributes['channel.id'] === channel && attributes['channel.end'] === 'agent',
  );
}

/** Each kind of span that occurs, with its span kind and the OTLP types of its attributes. */
function shapes(spans: readonly ToldSpan[]): string[] {
  const all = spans.map(({ name, kind, attributes, types }) =>
    [
      ...[name, kind, attributes['frame.kind'], attributes['frame.outcome']],
      ...Object.entries(types)
        .map(([key, type]) => `${key}:${type}`)
        .sort(),
    ].join(' '),
  );
  return [...new Set(all)].sort();
}

function beats(spans: readonly ToldSpan[]): number {
  return spans.filter(
    ({ name, attributes }) => name === 'frame.socket_write' && attributes['frame.kind'] === 'heartbeat',
  ).length;
}

async function pythonWithPackages(): Promise<string> {
  return (await run(process.execPath, [SETUP])).stdout.trim();
}

test('what it tells where things go wrong', async () => {
  const { stderr } = await run(await pythonWithPackages(), ['-B', PYTHON_TESTS]);
  assert.match(stderr, /^Ran [1-9]\d* tests[^]*^OK$/m);
});

test('an agent in Python tells what one with the shim tells, by the contract', async () => {
  const python = await pythonWithPackages();
  const recorder = await new SpanRecorder().listen();
  try {
    const fleet = await LiveFleet.start({ agents: 2, collectorUrl: recorder.url, python });
    const [onNode = '', inPython = ''] = fleet.channels;
    try {
      const deadline_ms = performance.now() + PATIENCE_MS;
      while (fleet.channels.some((channel) => beats(by(recorder.spans, channel)) < HEARTBEATS)) {
        assert.ok(performance.now() < deadline_ms, 'heartbeats of both agents');
        await sleep(100);
      }
    } finally {
      await fleet.stop();
    }
    const told = by(recorder.spans, inPython);
    for (const { attributes, ...span } of told) {
      const ours = Object.entries(attributes).filter(([key]) => !key.startsWith('messaging.'));
      assertContractual({ ...span, attributes: Object.fromEntries(ours) });
    }
    assert.equal(new Set(told.map(({ raw }) => raw.spanId)).size, told.length);
    assert.deepEqual(shapes(told), shapes(by(recorder.spans, onNode)));
    assertOneRootEach(told);
  } finally {
    await recorder.close();
  }
});

/** A frame's spans are one trace, whose root has some duration: else Grafana's trace search does not list it. */
function assertOneRootEach(spans: readonly ToldSpan[]): void {
  const traces = new Map<string, ToldSpan[]>();
  for (const span of spans.filter(({ name }) => name.startsWith('frame.')))
    traces.set(span.raw.traceId, [...(traces.get(span.raw.traceId) ?? []), span]);
  assert.ok([...traces.values()].some((trace) => trace.length > 1));
  for (const trace of traces.values()) {
    const what = trace.map(({ name }) => name).join();
    const [root, ...others] = trace.filter(({ parentSpanId }) => parentSpanId === '');
    assert.ok(root !== undefined && others.length === 0, what);
    assert.ok(root.end > root.start, what);
    for (const { parentSpanId } of trace)
      assert.ok(parentSpanId === '' || parentSpanId === root.raw.spanId, what);
  }
}
