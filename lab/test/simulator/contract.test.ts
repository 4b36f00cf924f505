import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { createGunzip } from 'node:zlib';

import fc from 'fast-check';

import { type ExportTraceServiceRequest, FAULTS, type FaultName, type Scenario } from '../../src/index.js';
import { assertContractual } from '../contractual.js';
import { Observed, observe } from './observed.js';

const SAMPLES = new URL('../../../samples/', import.meta.url);

async function sample(name: string): Promise<Observed> {
  const lines = createInterface(createReadStream(new URL(`${name}.jsonl.gz`, SAMPLES)).pipe(createGunzip()));
  const requests: ExportTraceServiceRequest[] = [];
  for await (const line of lines) requests.push(JSON.parse(line) as ExportTraceServiceRequest);
  return new Observed(requests, Date.UTC(2026, 9, 1, 12));
}

/** Each kind of span that occurs, with its span kind and the types of its attributes. */
function shapes({ spans }: Observed): Set<string> {
  return new Set(
    spans.map(({ raw, attributes }) => {
      const types = raw.attributes.map(({ key, value }) => `${key}:${Object.keys(value).join()}`).sort();
      return [raw.name, raw.kind, attributes['frame.kind'], attributes['channel.end'], ...types].join(' ');
    }),
  );
}

/** The simulator says more than the samples in two places: the listener's state, and an agent's before it dials. */
function sayingNoMore(observed: Observed): Observed {
  const spans = observed.spans.filter(
    ({ name, attributes }) =>
      name !== 'listener.state' && !(name === 'channel.state' && attributes['channel.connected'] === false),
  );
  return Object.assign(Object.create(Observed.prototype) as Observed, { spans });
}

test('a healthy run has the very shapes of the healthy sample', async () => {
  assert.deepEqual(shapes(sayingNoMore(observe({ channels: 20 }))), shapes(await sample('healthy')));
});

test('a stream transport has the very shapes of its sample, pending writes included', async () => {
  const simulated = observe({
    transport: 'virtio-serial',
    channels: 6,
    faults: [{ name: 'reader-dead', channels: ['agent-2'] }],
  });
  const outcomeless = (observed: Observed): Observed => {
    // Where a blocked write fails at the close the sample keeps silent.
    const spans = observed.spans.filter(({ attributes }) => attributes['frame.outcome'] !== 'error');
    return Object.assign(Object.create(Observed.prototype) as Observed, { spans });
  };
  const ours = shapes(outcomeless(simulated));
  for (const shape of shapes(await sample('host-reader-dead'))) {
    // The sample's first hello of a later connection blocks at once; here the fresh buffers take it.
    if (!shape.startsWith('frame.socket_write 4 hello')) assert.ok(ours.has(shape), shape);
  }
});

test('whatever happens, spans carry the names, types and values of the contract and unique ids', () => {
  const scenarios: fc.Arbitrary<Partial<Scenario>> = fc.record({
    seed: fc.integer(),
    channels: fc.integer({ min: 1, max: 5 }),
    durationMs: fc.integer({ min: 1, max: 400_000 }),
    transport: fc.constantFrom('websocket', 'virtio-serial'),
    observers: fc.subarray(['agent', 'server', 'relay']),
    sweep: fc.constantFrom('staggered', 'together'),
    faults: fc.array(
      fc.record({
        name: fc.constantFrom(...(Object.keys(FAULTS) as FaultName[])),
        atMs: fc.integer({ min: 0, max: 200_000 }),
        untilMs: fc.integer({ min: 0, max: 400_000 }),
      }),
      { maxLength: 2 },
    ),
  });
  fc.assert(
    fc.property(scenarios, (scenario) => {
      const { spans } = observe(scenario);
      for (const span of spans) assertContractual(span);
      assert.equal(new Set(spans.map(({ raw }) => raw.spanId)).size, spans.length);
    }),
    { numRuns: 40 },
  );
});
