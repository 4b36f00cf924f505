import type { Fact, Hypothesis, Incident, NextStep, Unknown } from '@halfopen/telemetry';
import type { Store } from '@halfopen/store';
import { diagnose } from './diagnosis/diagnose.js';
import { askSql, judge } from './evaluate.js';
import { advance } from './incidents/lifecycle.js';
import { clocksApart } from './probes/clocks.js';
import { gatherEvidence } from './probes/probes.js';
import { clock } from './probes/probe.js';
import { SHIPPED, type RuleBook } from './rulefile/book.js';
import { readSignals } from './signals/read.js';

/** The evidence on one channel at an instant, and what follows from it. */
export interface Explanation {
  readonly channel: string;
  readonly instantMs: number;
  /** What the rules fire on this channel at this instant alone. */
  readonly incidents: readonly Incident[];
  readonly facts: readonly Fact[];
  readonly unknowns: readonly Unknown[];
  /** Empty where nothing is wrong to be explained. */
  readonly hypotheses: readonly Hypothesis[];
  readonly nextStep: NextStep | null;
  /** In one sentence, what fires, or why nothing does. */
  readonly why: string;
}

/** @param instantMs event time, ms since the epoch */
export async function explain(
  store: Store,
  channel: string,
  instantMs: number,
  book: RuleBook = SHIPPED,
): Promise<Explanation> {
  const [[signals], clocks, answers] = await Promise.all([
    readSignals(store, instantMs, [channel]),
    clocksApart(store, channel, instantMs),
    askSql(book.rules, instantMs),
  ]);
  const known = clocks === undefined ? [] : [clocks];
  const base = { channel, instantMs, incidents: [], facts: [], unknowns: [], hypotheses: [], nextStep: null };
  if (signals === undefined) {
    return {
      ...base,
      why: `nothing is known of ${channel} in the quarter of an hour before ${clock(instantMs)}: no state, no connection event, no inventory`,
    };
  }
  const diagnosis = diagnose(gatherEvidence(signals), book.causes);
  // As if each verdict had lasted long enough: this asks what is the case now, not whether somebody should be woken.
  const rules = book.rules.map((rule) => ({ ...rule, for_s: 0 }));
  const judged = judge([signals], instantMs, { ...book, rules }, answers);
  const incidents = advance([], judged, rules).transitions.map(({ incident }) => incident);
  const symptoms = diagnosis.facts.filter(({ observed }) => observed).length;
  if (incidents.length === 0 && symptoms === 0) {
    return {
      ...base,
      facts: [...diagnosis.facts, ...known],
      why: `nothing fires: none of the ${diagnosis.facts.length} things that could be seen of ${channel} is a symptom`,
    };
  }
  const { unknowns, hypotheses, nextStep } = diagnosis;
  const facts = [...diagnosis.facts, ...known];
  const why =
    incidents.length > 0
      ? incidents.map(({ rule, summary }) => `${rule}: ${summary}`).join('\n')
      : `nothing fires: ${symptoms === 1 ? 'one symptom is' : `${symptoms} symptoms are`} seen, and no rule holds for long enough, or on enough work`;
  return { channel, instantMs, incidents, facts, unknowns, hypotheses, nextStep, why };
}
