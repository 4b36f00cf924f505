import type { Store } from '@halfopen/store';
import { RULES_IN_FORCE, type Rule } from './detection/rules.js';
import { UNDETERMINED, type Verdict } from './detection/verdict.js';
import { diagnose } from './diagnosis/diagnose.js';
import { gatherEvidence } from './probes/probes.js';
import type { Finding } from './incidents/finding.js';
import { advance, type Findings, type OpenIncidents, type Step } from './incidents/lifecycle.js';
import { readSignals } from './signals/read.js';
import { readSuspects, RULES_WITH_SUSPECTS } from './signals/suspects.js';
import type { ChannelSignals } from './signals/signals.js';

export interface EvaluateOptions {
  /**
   * Reads and judges every channel, not only those on which a rule might fire: the same answer, at a hundred times the
   * cost. For tests of that.
   * @default false
   */
  readonly everyChannel?: boolean;
}

/**
 * One evaluation of all rules: a function of the store, the instant and the incidents open before it. The live loop and
 * the backtest both step through this.
 *
 * @param instant_ms event time, ms since the epoch: nothing younger is looked at
 */
export async function evaluate(
  store: Store,
  instant_ms: number,
  open: OpenIncidents,
  { everyChannel = false }: EvaluateOptions = {},
): Promise<Step> {
  // Of a member of an open incident, the rules must say whether it is well again.
  const members = open.flatMap((incident) => [...incident.members.keys()]);
  const choose = !everyChannel && RULES_IN_FORCE.every(({ name }) => RULES_WITH_SUSPECTS.has(name));
  const channels = choose ? [...(await readSuspects(store, instant_ms)), ...members] : undefined;
  const signals = await readSignals(store, instant_ms, channels);
  return advance(open, judge(signals, instant_ms, RULES_IN_FORCE), RULES_IN_FORCE);
}

/** Every rule on each of the channels; only what fires is diagnosed. */
export function judge(
  channels: readonly ChannelSignals[],
  instant_ms: number,
  rules: readonly Rule[],
): Findings {
  const verdicts = new Map<string, Verdict>();
  const firing: Finding[] = [];
  for (const signals of channels) {
    const fired: { rule: Rule; verdict: Extract<Verdict, { state: 'firing' }> }[] = [];
    for (const rule of rules) {
      const verdict = rule.judge(signals);
      verdicts.set(`${rule.name}\n${signals.channel}`, verdict);
      if (verdict.state === 'firing') fired.push({ rule, verdict });
    }
    if (fired.length === 0) continue;
    const diagnosis = diagnose(gatherEvidence(signals));
    for (const { rule, verdict } of fired) firing.push({ rule, signals, verdict, diagnosis });
  }
  return {
    instant_ms,
    firing,
    verdictOn: (rule, channel) => verdicts.get(`${rule}\n${channel}`) ?? UNDETERMINED,
  };
}
