import assert from 'node:assert/strict';
import { BUILT_IN_CAUSES } from '../../src/causes/model.js';
import type { Rule } from '../../src/detection/rules.js';
import { CLEAR, UNDETERMINED, type Verdict } from '../../src/detection/verdict.js';
import { diagnose } from '../../src/diagnosis/diagnose.js';
import {
  advance,
  type Findings,
  type OpenIncidents,
  type Transition,
} from '../../src/incidents/lifecycle.js';
import { gatherEvidence } from '../../src/probes/probes.js';
import { SHIPPED } from '../../src/rulefile/book.js';
import type { ChannelSignals } from '../../src/signals/signals.js';
import { channelSignals, connectionSignals } from '../channel-signals.js';

/** Incidents played through by hand: a verdict a step for each channel. */

const FIRST = SHIPPED.rules.find(({ name }) => name === 'heartbeat-gap');
assert.ok(FIRST !== undefined);
export const RULE: Rule = { ...FIRST, for_s: 20, keep_firing_for_s: 60 };

const CONNECTING = SHIPPED.rules.find(({ name }) => name === 'never-connected');
assert.ok(CONNECTING !== undefined);
export const NEVER_CONNECTED: Rule = { ...CONNECTING, for_s: 0 };
export const NOBODY_LISTENS: Partial<ChannelSignals> = {
  ends: {},
  connections: connectionSignals({
    connected_ms: null,
    attempts: 4,
    attempts_failed_by_agent: 4,
    attempts_failed: 4,
    attempts_refused: 4,
  }),
};

export const BEGIN_MS = Date.UTC(2026, 9, 1);
export const STEP_MS = 10_000;

export type Word = 'firing' | 'clear' | 'undetermined';
export type Words = Readonly<Record<string, Word>>;

export function findingsAt(rule: Rule, step: number, words: Words, seen: Partial<ChannelSignals>): Findings {
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
    const verdict = verdictOn(rule.name, channel);
    if (verdict.state !== 'firing') return [];
    const signals = channelSignals({ channel, instant_ms, ...seen });
    return [{ rule, signals, verdict, diagnosis: diagnose(gatherEvidence(signals), BUILT_IN_CAUSES) }];
  });
  return { instant_ms, firing, causes: BUILT_IN_CAUSES, shared: new Map(), verdictOn };
}

export interface Played {
  readonly transitions: readonly Transition[];
  readonly open: OpenIncidents;
}

export function playRule(rule: Rule, seen: Partial<ChannelSignals>, steps: readonly Words[]): Played {
  let open: OpenIncidents = [];
  const transitions: Transition[] = [];
  steps.forEach((words, step) => {
    const next = advance(open, findingsAt(rule, step, words, seen), [rule]);
    open = next.open;
    transitions.push(...next.transitions);
  });
  return { transitions, open };
}
