import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Deployment } from './deployment.js';
import { STEPS, type Fault, type FaultPlan } from './faults.js';
import { malformedMessage, messageOf, type Message } from './messages.js';
import { ModelStore } from './model-store.js';

const FAULTS: readonly Fault[] = [false, true].flatMap((landed) => [
  { kind: 'failure', retryable: true, landed },
  { kind: 'failure', retryable: false, landed },
  { kind: 'crash', landed },
]);

/** The n-th call of each step meets the n-th fault of the list, the later ones none. */
function planOf(faults: readonly { readonly step: string; readonly fault: Fault }[]): FaultPlan {
  const left = [...faults];
  return (step) => {
    const at = left.findIndex((planned) => planned.step === step);
    return at < 0 ? undefined : left.splice(at, 1)[0]?.fault;
  };
}

/** Every span of the good messages once, the bad ones once among the dead letters, and each in the ledger once. */
function assertStoredOnce(
  store: ModelStore,
  spanNames: readonly string[],
  good: number,
  bad: readonly string[],
): void {
  const rows = store.bytes('otel_traces').toString('latin1');
  assert.deepEqual([...rows.matchAll(/span-\d+;/g)].map(String).sort(), [...spanNames].sort());
  const deadRows = store.bytes('dead_letters').toString('latin1');
  assert.deepEqual([...deadRows.matchAll(/bad-\d+;/g)].map(String).sort(), [...bad].sort());
  const ledger = store.ledger().map(({ batchId }) => batchId);
  assert.equal(ledger.length, good + bad.length);
  assert.equal(new Set(ledger).size, ledger.length);
}

for (const step of STEPS) {
  for (const fault of FAULTS) {
    const how = fault.kind === 'crash' ? 'a crash' : `a ${fault.retryable ? 'retryable' : 'final'} failure`;
    const when = fault.landed ? 'behind' : 'before';
    test(`${how} ${when} the step "${step}" loses nothing and doubles nothing`, async () => {
      const store = new ModelStore();
      await Deployment.with(store, async (deployment) => {
        const before = messageOf(['span-1;', 'span-2;']);
        const fresh = messageOf(['span-3;'], 1_790_000_007);
        const bad = malformedMessage('bad-1;');
        await deployment.process([before]);
        await deployment.untilAnswered([fresh, before, bad, fresh], planOf([{ step, fault }]));
        assertStoredOnce(store, ['span-1;', 'span-2;', 'span-3;'], 2, ['bad-1;']);
      });
    });
  }
}

const MESSAGES: readonly Message[] = [0, 1, 2, 3].map((n) =>
  messageOf([`span-${2 * n};`, `span-${2 * n + 1};`], n),
);
const BAD_MESSAGES: readonly Message[] = [0, 1].map((n) => malformedMessage(`bad-${n};`));

const wave = fc.record({
  messages: fc.array(fc.constantFrom(...MESSAGES, ...BAD_MESSAGES), { maxLength: 8 }),
  faults: fc.array(fc.record({ step: fc.constantFrom(...STEPS), fault: fc.constantFrom(...FAULTS) }), {
    maxLength: 4,
  }),
});

test('any messages, sent any number of times, over any failures and crashes, are stored once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(wave, { maxLength: 6 }), async (waves) => {
      const store = new ModelStore();
      await Deployment.with(store, async (deployment) => {
        const sent = new Set<Message>();
        for (const { messages, faults } of waves) {
          for (const message of messages) sent.add(message);
          await deployment.untilAnswered(messages, planOf(faults));
        }
        const good = MESSAGES.flatMap((message, n) =>
          sent.has(message) ? [`span-${2 * n};`, `span-${2 * n + 1};`] : [],
        );
        const bad = BAD_MESSAGES.flatMap((message, n) => (sent.has(message) ? [`bad-${n};`] : []));
        assertStoredOnce(store, good, good.length / 2, bad);
      });
    }),
    { numRuns: 100 },
  );
});
