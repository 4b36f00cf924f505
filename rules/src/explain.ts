import type { Fact, Hypothesis, Incident, NextStep, Unknown } from '@halfopen/telemetry';
import type { Store } from '@halfopen/store';
import { diagnose } from './diagnosis/diagnose.js';
import { find } from './evaluate.js';
import { advance, whatIsShared } from './incidents/lifecycle.js';
import { clocksApart } from './probes/clocks.js';
import { gatherEvidence } from './probes/probes.js';
import { clock } from './probes/probe.js';
import { SHIPPED, type RuleBook } from './rulefile/book.js';
import { readSignals } from './signals/read.js';

/** The evidence on one channel at an instant, and what follows from it. */
export interface Explanation {
  readonly channel: string;
  readonly instantMs: number;
  /** What the rules fire on this channel at this instant, be it with others. */
  readonly incidents: readonly Incident[];
  readonly facts: readonly Fact[];
  readonly unknowns: readonly Unknown[];
  /** Empty where nothing is wrong to be explained. */
  readonly hypotheses: readonly Hypothesis[];
  readonly nextStep: NextStep | null;
  /** In one sentence, what fires, or why nothing does. */
  readonly why: string;
}

/**
 * The rules look at all channels, as ever: what this one shares with others is evidence on it.
 *
 * @param instantMs event time, ms since the epoch
 */
export async function explain(
  store: Store,
  channel: string,
  instantMs: number,
  book: RuleBook = SHIPPED,
): Promise<Explanation> {
  // As if each verdict had lasted long enough: this asks what is the case now, not whether somebody should be woken.
  const rules = book.rules.map((rule) => ({ ...rule, for_s: 0 }));
  const [[signals], clocks, found] = await Promise.all([
    readSignals(store, instantMs, [channel]),
    clocksApart(store, channel, instantMs),
    find(store, instantMs, { ...book, rules }, { open: [], members: [channel], everyChannel: false }),
  ]);
  const known = clocks === undefined ? [] : [clocks];
  const base = { channel, instantMs, incidents: [], facts: [], unknowns: [], hypotheses: [], nextStep: null };
  if (signals === undefined) {
    return {
      ...base,
      why: `nothing is known of ${channel} in the quarter of an hour before ${clock(instantMs)}: no state, no connection event, no inventory`,
    };
  }
  const open = advance([], found, rules).open.filter(({ members }) => members.has(channel));
  const incidents = open.map(({ incident }) => incident);
  const shared = open
    .map(({ rule, scope, incident }) => whatIsShared(rule, scope, incident.channels, found))
    .find((symptom) => symptom !== undefined);
  const evidence = gatherEvidence(shared === undefined ? signals : { ...signals, shared });
  const diagnosis = diagnose(evidence, book.causes);
  const facts = [...diagnosis.facts, ...known];
  const symptoms = diagnosis.facts.filter(({ observed }) => observed).length;
  if (incidents.length === 0 && symptoms === 0) {
    return {
      ...base,
      facts,
      why: `nothing fires: none of the ${diagnosis.facts.length} things that could be seen of ${channel} is a symptom`,
    };
  }
  const { unknowns, hypotheses, nextStep } = diagnosis;
  const why =
    incidents.length > 0
      ? incidents.map(({ rule, summary }) => `${rule}: ${summary}`).join('\n')
      : `nothing fires: ${symptoms === 1 ? 'one symptom is' : `${symptoms} symptoms are`} seen, and no rule holds for long enough, or on enough work`;
  return { channel, instantMs, incidents, facts, unknowns, hypotheses, nextStep, why };
}
