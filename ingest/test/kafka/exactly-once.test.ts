import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, type TestContext } from 'node:test';
import { KafkaBroker } from '@halfopen/lab';
import { ensureTopic } from '@halfopen/stream';
import { FAULTS, STEPS, planOf } from '../faults.js';
import { malformedMessage, messageOf } from '../messages.js';
import { ModelOffice } from '../model-office.js';
import { ModelStore } from '../model-store.js';
import { assertStoredOnce } from '../stored-once.js';
import { KafkaDeployment } from './deployment.js';

const dir = await mkdtemp(join(tmpdir(), 'halfopen-ingest-kafka-'));
const broker = await KafkaBroker.start({ dir });
after(async () => {
  await broker.kill();
  await rm(dir, { recursive: true, force: true });
});

let topics = 0;
async function deployment(t: TestContext, store: ModelStore, partitions: number): Promise<KafkaDeployment> {
  const connection = { brokers: [broker.address] };
  const topic = `spans-${++topics}`;
  await ensureTopic(connection, { topic, partitions, replicas: 1, retentionMs: 3_600_000 });
  const opened = await KafkaDeployment.open(store, connection, topic, partitions, new ModelOffice());
  t.after(() => opened.close());
  return opened;
}

for (const step of STEPS)
  for (const fault of FAULTS) {
    const how = fault.kind === 'crash' ? 'a crash' : `a ${fault.retryable ? 'retryable' : 'final'} failure`;
    test(`${how} ${fault.landed ? 'behind' : 'before'} the step "${step}" loses nothing and doubles nothing`, async (t) => {
      const store = new ModelStore();
      const kafka = await deployment(t, store, 1);
      const before = messageOf(['span-1;', 'span-2;']);
      const fresh = messageOf(['span-3;'], 1_790_000_007);
      const bad = malformedMessage('bad-1;');
      await kafka.publish([before]);
      await kafka.process();
      await kafka.publish([fresh, before, bad, fresh]);
      await kafka.untilStored(planOf([{ step, fault }]));
      assertStoredOnce(store, kafka.office, ['span-1;', 'span-2;', 'span-3;'], 2, ['bad-1;']);
    });
  }

test('a crash between rows and commit makes the next process replay the same range, and copies are dropped', async (t) => {
  const store = new ModelStore();
  const kafka = await deployment(t, store, 1);
  const [one, two] = [messageOf(['span-1;'], 1), messageOf(['span-2;'], 2)];
  await kafka.publish([one]);
  const crashed = await kafka.process(planOf([{ step: 'ledger', fault: { kind: 'crash', landed: true } }]));
  assert.equal(crashed, undefined);
  await kafka.publish([two, one]);
  const last = await kafka.process();
  assert.deepEqual([last?.ranges, last?.resent, last?.spans], [2, 1, 2], 'the replay is a range of its own');
  assertStoredOnce(store, kafka.office, ['span-1;', 'span-2;'], 2, []);
});
