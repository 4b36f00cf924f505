import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { RULES_IN_FORCE, type Rule } from '../src/detection/rules.js';
import { CLEAR, UNDETERMINED, type Verdict } from '../src/detection/verdict.js';
import { diagnose } from '../src/diagnosis/diagnose.js';
import { advance, type Findings, type OpenIncidents, type Transition } from '../src/incidents/lifecycle.js';
import { gatherEvidence } from '../src/probes/probes.js';
import type { ChannelSignals } from '../src/signals/signals.js';

const FIRST = RULES_IN_FORCE.find(({ name }) => name === 'heartbeat-gap');
assert.ok(FIRST !== undefined);
const RULE: Rule = { ...FIRST, for_s: 20, keep_firing_for_s: 60 };

const BEGIN_MS = Date.UTC(2026, 9, 1);
const STEP_MS = 10_000;

function signalsOf(channel: string, instant_ms: number): ChannelSignals {
  const fleet = { acknowledging: new Set<string>(), listeners: new Map<string, never>(), last_state_ms: 0 };
  return {
    channel,
    instant_ms,
    ends: {},
    pending: {},
    connections: undefined,
    expectation: undefined,
    heartbeats: undefined,
    fleet,
  };
}

type Word = 'firing' | 'clear' | 'undetermined';

function findingsAt(step: number, words: Readonly<Record<string, Word>>): Findings {
  const instant_ms = BEGIN_MS + step * STEP_MS;
  const verdictOn = (_rule: string, channel: string): Verdict => {
    const word = words[channel] ?? 'undetermined';
    return word === 'firing'
      ? { state: 'firing', since_ms: BEGIN_MS, headline: 'has no heartbeat' }
      : word === 'clear'
        ? CLEAR
        : UNDETERMINED;
  };
  const firing = Object.keys(words).flatMap((channel) => {
    const verdict = verdictOn(RULE.name, channel);
    if (verdict.state !== 'firing') return [];
    const signals = signalsOf(channel, instant_ms);
    return [{ rule: RULE, signals, verdict, diagnosis: diagnose(gatherEvidence(signals)) }];
  });
  return { instant_ms, firing, verdictOn };
}

/** One verdict a step for each channel; the transitions of every step. */
function play(...steps: Readonly<Record<string, Word>>[]): {
  transitions: Transition[];
  open: OpenIncidents;
} {
  let open: OpenIncidents = [];
  const transitions: Transition[] = [];
  steps.forEach((words, step) => {
    const next = advance(open, findingsAt(step, words), [RULE]);
    open = next.open;
    transitions.push(...next.transitions);
  });
  return { transitions, open };
}

const told = ({ transitions }: { transitions: Transition[] }) =>
  transitions.map(({ status, sequence }) => `${sequence} ${status}`);
const FIRES = { a: 'firing' } as const;

test('pending first, firing once the verdict has lasted, resolved when it is clear', () => {
  assert.deepEqual(told(play(FIRES, FIRES, FIRES, { a: 'clear' })), ['1 pending', '2 firing', '3 resolved']);
});

test('what passes before it has lasted never fires', () => {
  assert.deepEqual(told(play(FIRES, { a: 'clear' })), ['1 pending', '2 inactive']);
});

test('missing evidence holds an open incident, but not for ever', () => {
  const fired = [FIRES, FIRES, FIRES];
  const held = play(...fired, ...Array.from({ length: 6 }, () => ({ a: 'undetermined' as const })));
  assert.deepEqual(told(held), ['1 pending', '2 firing']);
  const over = play(...fired, ...Array.from({ length: 7 }, () => ({ a: 'undetermined' as const })));
  assert.deepEqual(told(over), ['1 pending', '2 firing', '3 resolved']);
});

test('the same findings give the same bytes', () => {
  const once = play(FIRES, FIRES, FIRES, { a: 'clear' });
  const again = play(FIRES, FIRES, FIRES, { a: 'clear' });
  assert.equal(JSON.stringify(once.transitions), JSON.stringify(again.transitions));
});

test('whatever the verdicts: sequences without gaps, one open incident a channel, resolved once and only if it fired', () => {
  const word = fc.constantFrom<Word>('firing', 'clear', 'undetermined');
  fc.assert(
    fc.property(fc.array(fc.record({ a: word, b: word }), { maxLength: 40 }), (steps) => {
      const { transitions, open } = play(...steps);
      const ids = new Set(transitions.map(({ incident }) => incident.id));
      for (const id of ids) {
        const mine = transitions.filter(({ incident }) => incident.id === id);
        assert.deepEqual(
          mine.map(({ sequence }) => sequence),
          mine.map((_, index) => index + 1),
        );
        const statuses = mine.map(({ status }) => status);
        assert.ok(statuses.filter((status) => status === 'resolved').length <= 1);
        assert.equal(statuses.includes('resolved') && !statuses.includes('firing'), false);
        assert.equal(statuses.includes('inactive') && statuses.includes('firing'), false);
      }
      const members = open.flatMap((incident) => [...incident.members.keys()]);
      assert.equal(new Set(members).size, members.length);
    }),
  );
});
