import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { gatherEvidence, PROBE_IDS } from '../../src/probes/probes.js';
import type { Reading } from '../../src/probes/probe.js';
import { holdsOnSuspectsOnly, judgeCondition, type Condition } from '../../src/rulefile/condition.js';
import { ConditionError, parseCondition } from '../../src/rulefile/parse-condition.js';
import { ago, channelSignals } from '../channel-signals.js';

/** Stand for what is seen, not seen and not observed. */
const YES = 'server-writes-stall';
const NO = 'agent-hears-nothing';
const UNKNOWN = 'record-stale';

const READINGS: Readonly<Record<string, Reading>> = {
  [YES]: { value: 'yes', statement: '', sql: '', since_ms: ago(60) },
  'pings-unanswered': { value: 'yes', statement: '', sql: '', since_ms: ago(30) },
  [NO]: { value: 'no', statement: '', sql: '' },
  [UNKNOWN]: { value: 'unobserved', statement: '' },
};

function judged(text: string) {
  const signals = channelSignals();
  const evidence = { ...gatherEvidence(signals), ...READINGS };
  return judgeCondition(parseCondition(text), { signals, evidence: () => evidence }, 'is broken');
}

const TRUTH: readonly (readonly [text: string, state: 'firing' | 'clear' | 'undetermined'])[] = [
  [YES, 'firing'],
  [NO, 'clear'],
  [UNKNOWN, 'undetermined'],
  [`not ${YES}`, 'clear'],
  [`not ${NO}`, 'firing'],
  [`not ${UNKNOWN}`, 'undetermined'],
  [`${YES} and ${UNKNOWN}`, 'undetermined'],
  [`${NO} and ${UNKNOWN}`, 'clear'],
  [`${YES} or ${UNKNOWN}`, 'firing'],
  [`${NO} or ${UNKNOWN}`, 'undetermined'],
  [`${YES} or ${NO} and ${NO}`, 'firing'],
  [`(${YES} or ${NO}) and ${NO}`, 'clear'],
  [`not ${NO} and ${YES}`, 'firing'],
  [`not (${NO} or ${UNKNOWN})`, 'undetermined'],
  [`NOT ${NO} AND ( ${YES} )`, 'firing'],
  // The channel of the test is well, so says this detector.
  ['not telemetry-gap', 'firing'],
  [`telemetry-gap and ${UNKNOWN}`, 'clear'],
];
for (const [text, state] of TRUTH)
  test(`what nobody could see neither holds nor fails: ${text} is ${state}`, () => {
    assert.equal(judged(text).state, state);
  });

test('it holds since the last part of an "and" does, and since the first of an "or"', () => {
  const since = (text: string): unknown => ('since_ms' in judged(text) ? judged(text) : undefined);
  assert.deepEqual(since(`${YES} and pings-unanswered`), {
    state: 'firing',
    since_ms: ago(30),
    headline: 'is broken',
  });
  assert.deepEqual(since(`${YES} or pings-unanswered`), {
    state: 'firing',
    since_ms: ago(60),
    headline: 'is broken',
  });
});

const WRONG: readonly (readonly [text: string, told: RegExp])[] = [
  [
    'server-writs-stall',
    /no probe or shipped rule is called server-writs-stall; did you mean server-writes-stall\?/,
  ],
  [`${YES} and`, /expected the name of a probe or rule, not the end/],
  [`and ${YES}`, /expected the name of a probe or rule, not and/],
  [`${YES} ${NO}`, /expected and, or or the end, not agent-hears-nothing/],
  [`(${YES}`, /a bracket is not closed/],
  [`${YES})`, /expected and, or or the end, not \)/],
  [`${YES} == 1`, /"=" has no meaning in a condition.*SQL begins with SELECT/],
  [`${'('.repeat(100)}${YES}${')'.repeat(100)}`, /nested deeper than 64/],
  [`${'not '.repeat(500)}${YES}`, /nested deeper than 64/],
  [Array.from({ length: 2000 }, () => YES).join(' or '), /more than 1000 words/],
];
for (const [text, told] of WRONG)
  test(`refused, with what would be right: ${text.slice(0, 40)}`, () => {
    assert.throws(
      () => parseCondition(text),
      (error: unknown) => {
        assert.ok(error instanceof ConditionError);
        assert.match(error.message, told);
        return true;
      },
    );
  });

const conditions = fc.letrec<{ any: Condition }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(...PROBE_IDS).map((id): Condition => ({ kind: 'probe', id })),
    fc.constant<Condition>({ kind: 'detector', name: 'zombie-handler' }),
    tie('any').map((of): Condition => ({ kind: 'not', of })),
    fc
      .tuple(
        fc.constantFrom('and' as const, 'or' as const),
        fc.array(tie('any'), { minLength: 2, maxLength: 3 }),
      )
      .map(([kind, parts]): Condition => ({ kind, parts })),
  ),
})).any;

function written(condition: Condition): string {
  switch (condition.kind) {
    case 'detector':
      return condition.name;
    case 'probe':
      return condition.id;
    case 'not':
      return `not ${written(condition.of)}`;
    case 'and':
    case 'or':
      return `(${condition.parts.map(written).join(` ${condition.kind} `)})`;
  }
}

test('whatever is written is read as it was meant', () => {
  fc.assert(
    fc.property(conditions, (condition) => {
      assert.deepEqual(parseCondition(written(condition)), condition);
    }),
  );
});

/** Holds in the two-valued world in which no detector fires, for some values of the probes? */
function canHoldWithout(condition: Condition, probes: ReadonlyMap<string, boolean>): boolean {
  switch (condition.kind) {
    case 'detector':
      return false;
    case 'probe':
      return probes.get(condition.id) ?? false;
    case 'not':
      return !canHoldWithout(condition.of, probes);
    case 'and':
      return condition.parts.every((part) => canHoldWithout(part, probes));
    case 'or':
      return condition.parts.some((part) => canHoldWithout(part, probes));
  }
}

test('where suspects are enough, it never holds while no detector fires', () => {
  const values = fc.array(fc.boolean(), { minLength: PROBE_IDS.length, maxLength: PROBE_IDS.length });
  fc.assert(
    fc.property(conditions, values, (condition, bits) => {
      fc.pre(holdsOnSuspectsOnly(condition));
      const probes = new Map(PROBE_IDS.map((id, index) => [id as string, bits[index] ?? false]));
      assert.equal(canHoldWithout(condition, probes), false);
    }),
  );
  assert.ok(holdsOnSuspectsOnly(parseCondition(`zombie-handler and not ${NO}`)));
  assert.ok(!holdsOnSuspectsOnly(parseCondition(`zombie-handler or ${NO}`)));
  assert.ok(!holdsOnSuspectsOnly(parseCondition('not zombie-handler')));
});
