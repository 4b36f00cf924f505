import test from 'node:test';
import fc from 'fast-check';
import { Deployment } from './deployment.js';
import { FAULTS, planOf, STEPS } from './faults.js';
import { malformedMessage, messageOf, type Message } from './messages.js';
import { ModelStore } from './model-store.js';
import { assertStoredOnce } from './stored-once.js';

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
        assertStoredOnce(store, deployment.office, ['span-1;', 'span-2;', 'span-3;'], 2, ['bad-1;']);
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
        assertStoredOnce(store, deployment.office, good, good.length / 2, bad);
      });
    }),
    { numRuns: 100 },
  );
});
