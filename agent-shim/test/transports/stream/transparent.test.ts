import assert from 'node:assert/strict';
import test from 'node:test';
import { diag, type Tracer } from '@opentelemetry/api';
import fc from 'fast-check';
import {
  headerCodec,
  instrumentStream,
  lengthPrefix,
  ndjson,
  qtx1,
  varintPrefix,
  describeJson,
  type StreamOptions,
} from '../../../src/index.js';
import { Telemetry } from '../../telemetry.js';
import { play, script } from './play.js';

const throwing = (): never => {
  throw new Error('not mine');
};

const failingCodec = headerCodec({ name: 'failing', headerBytesMax: 1, readHeader: throwing });

/** In each of these all that application and transport see must be what it is without the shim. */
const WATCHED: Readonly<Record<string, () => Partial<StreamOptions>>> = {
  'length prefix': () => ({ codec: lengthPrefix }),
  'varint prefix': () => ({ codec: varintPrefix, identify: () => ({ connectionId: 'c' }) }),
  'QTX1 in what is none': () => ({ codec: qtx1 }),
  newlines: () => ({ codec: ndjson }),
  'describeFrame throws': () => ({ codec: ndjson, describeFrame: throwing }),
  'identify and beliefs throw': () => ({ codec: ndjson, identify: throwing, beliefs: throwing }),
  'the tracer throws': () => ({
    codec: ndjson,
    tracer: { startSpan: throwing, startActiveSpan: throwing } as Tracer,
  }),
  'the codec throws': () => ({ codec: failingCodec }),
  'the codec is none': () => ({ codec: undefined as never }),
};

for (const [what, options] of Object.entries(WATCHED)) {
  test(`whatever happens to a stream, its application and its transport see what they see without the shim: ${what}`, async () => {
    diag.disable();
    await fc.assert(
      fc.asyncProperty(script, async (played) => {
        const without = await play(played, () => undefined);
        const watched = await play(played, (stream) => {
          instrumentStream(stream, {
            end: 'agent',
            transport: 'tcp',
            channel: { id: 'agent-7' },
            describeFrame: describeJson(),
            tracer: new Telemetry().tracer,
            codec: ndjson,
            ...options(),
          });
        });
        assert.deepEqual(watched, without);
      }),
      { numRuns: 150 },
    );
  });
}
