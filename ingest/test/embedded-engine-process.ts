/**
 * A process of its own for `embedded-engine.test.ts`: clients send five messages, two of them the same, one malformed;
 * they are stored in the embedded engine. Killed at the step it is told, or else it prints what is stored.
 *
 *     node embedded-engine-process.js FOLDER [STEP before|behind]
 */
import { join } from 'node:path';
import { openEmbeddedStore, type Store } from '@halfopen/store';
import { Deployment } from './deployment.js';
import type { FaultPlan } from './faults.js';
import { malformedMessage, messageOf } from './messages.js';

const [folder = '', fatalStep, moment] = process.argv.slice(2);

const plan: FaultPlan = (step) => {
  return step === fatalStep ? { kind: 'crash', landed: moment === 'behind' } : undefined;
};

const store = await openEmbeddedStore({ path: join(folder, 'store') });
const frame = messageOf(['frame.receive'], 1_790_000_000, {
  'channel.id': 'agent-1',
  'channel.end': 'agent',
  'frame.stage': 'receive',
  'frame.direction': 'to_agent',
});
const twice = messageOf(['b', 'b']);
const messages = [frame, twice, malformedMessage('no span'), messageOf(['c'], 7), twice];
const counters = await new Deployment(store, folder).process(messages, plan);
if (counters === undefined) process.kill(process.pid, 'SIGKILL');
process.stdout.write(JSON.stringify(await storedIn(store)));
await store.close();

async function storedIn(engine: Store) {
  const count = async (table: string) => {
    const [row] = await engine.query<{ rows: number }>(`SELECT toUInt32(count()) AS rows FROM ${table}`);
    return row?.rows;
  };
  return {
    spans: await engine.query(
      'SELECT SpanName AS name, toUInt32(count()) AS rows FROM otel_traces GROUP BY name ORDER BY name',
    ),
    frames: await count('frames'),
    deadLetters: await count('dead_letters'),
    ledger: await count('ingest_ledger'),
  };
}
