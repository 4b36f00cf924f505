import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { BUILT_IN_CAUSES, PROBE_GROUPS } from '../../src/causes/model.js';
import { nextStep, tellsApart } from '../../src/diagnosis/next-step.js';
import { byCause, entropyBits, posterior, type Observations } from '../../src/diagnosis/posterior.js';
import { PROBE_IDS, PROBES, type ProbeId } from '../../src/probes/probes.js';

const observations = fc
  .array(fc.tuple(fc.constantFrom(...PROBE_IDS), fc.constantFrom('yes' as const, 'no' as const)), {
    maxLength: 20,
  })
  .map((readings): Observations => new Map(readings));

test('probabilities add up to one, over places and over causes, whatever was seen', () => {
  fc.assert(
    fc.property(observations, (seen) => {
      const probabilities = posterior(seen, BUILT_IN_CAUSES);
      const sum = [...probabilities.values()].reduce((total, probability) => total + probability, 0);
      assert.ok(Math.abs(sum - 1) < 1e-9);
      const causes = byCause(probabilities, BUILT_IN_CAUSES);
      assert.ok(Math.abs(causes.reduce((total, { probability }) => total + probability, 0) - 1) < 1e-9);
      assert.ok(causes.some(({ cause }) => cause === 'unknown-cause'));
      assert.ok(entropyBits(probabilities, BUILT_IN_CAUSES) >= 0);
    }),
  );
});

test('a symptom that a cause expects raises it, and its absence lowers it', () => {
  const before = posterior(new Map(), BUILT_IN_CAUSES).get('handler-dead@agent') ?? 0;
  const yes =
    posterior(new Map([['commands-unexecuted', 'yes']]), BUILT_IN_CAUSES).get('handler-dead@agent') ?? 0;
  const no =
    posterior(new Map([['commands-unexecuted', 'no']]), BUILT_IN_CAUSES).get('handler-dead@agent') ?? 0;
  assert.ok(yes > before && before > no);
});

test('probes of one group count as one: the second that says the same hardly moves the ranking', () => {
  const group = PROBE_GROUPS.find((members) => members.includes('heartbeats-not-written'));
  assert.ok(group?.includes('heartbeats-queued'));
  const once =
    posterior(new Map([['heartbeats-not-written', 'yes']]), BUILT_IN_CAUSES).get('heartbeat-not-sent') ?? 0;
  const twice =
    posterior(
      new Map<ProbeId, 'yes' | 'no'>([
        ['heartbeats-not-written', 'yes'],
        ['heartbeats-queued', 'yes'],
      ]),
      BUILT_IN_CAUSES,
    ).get('heartbeat-not-sent') ?? 0;
  const independent =
    once * (BUILT_IN_CAUSES.likelihoodOfYes('heartbeat-not-sent', 'heartbeats-queued') / 0.03);
  assert.ok(twice < independent / 3, 'far less than if they were independent');
});

test('the next step asks what nobody has seen, and what named causes in play would answer differently', () => {
  fc.assert(
    fc.property(observations, (seen) => {
      const now = posterior(seen, BUILT_IN_CAUSES);
      const step = nextStep(seen, now, BUILT_IN_CAUSES);
      assert.ok(step.outcomes.length >= 2);
      assert.ok(step.outcomes.every(({ then }) => then.length > 0));
      const probe = PROBE_IDS.find((id) => PROBES[id].measure.action === step.action && !seen.has(id));
      if (probe !== undefined)
        assert.ok(
          PROBE_IDS.some(
            (id) => PROBES[id].measure.action === step.action && tellsApart(id, now, BUILT_IN_CAUSES),
          ),
        );
    }),
  );
});

test('what one end cannot tell apart stays below 0.8: the server sees acknowledgements missing, and nothing else', () => {
  const seen: Observations = new Map<ProbeId, 'yes' | 'no'>([
    ['commands-unacknowledged', 'yes'],
    ['server-writes-stall', 'no'],
    ['pings-unanswered', 'no'],
    ['server-hears-nothing', 'no'],
    ['server-reader-dead', 'no'],
  ]);
  const [first, second] = byCause(posterior(seen, BUILT_IN_CAUSES), BUILT_IN_CAUSES);
  assert.ok(first !== undefined && first.probability < 0.8);
  assert.deepEqual([first.cause, second?.cause], ['handler-dead', 'frames-lost']);
});
