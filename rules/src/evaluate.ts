import type { Store } from '@halfopen/store';
import { RULES_IN_FORCE, type Rule } from './detection/rules.js';
import { UNDETERMINED, type Verdict } from './detection/verdict.js';
import { diagnose } from './diagnosis/diagnose.js';
import { gatherEvidence } from './probes/probes.js';
import { RULES } from '@halfopen/telemetry';
import { scopeOf, type Finding } from './incidents/finding.js';
import { mayShare, shareScopes, sizeKey } from './incidents/sharing.js';
import { sizesSql } from './signals/populations.js';
import { advance, type Findings, type OpenIncidents, type Step } from './incidents/lifecycle.js';
import { loopBlocked } from './signals/derive.js';
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
  const found = await share(store, judge(signals, instant_ms, RULES_IN_FORCE), open);
  return advance(open, found, RULES_IN_FORCE);
}

/** Counts the channels, where findings may have one cause, and tells which have. */
async function share(store: Store, found: Findings, open: OpenIncidents): Promise<Findings> {
  const single = found.firing.filter((finding) => mayBeShared(finding));
  if (!mayShare(single) && !open.some(({ scope }) => scope.signature !== undefined)) return found;
  const rows = await store.query<{ attribute: string; value: string; channels: number }>(
    sizesSql(found.instant_ms),
  );
  const of = new Map(rows.map(({ attribute, value, channels }) => [sizeKey(attribute, value), channels]));
  const sizes = { channels: of.get(sizeKey('', '')) ?? 0, of };
  return { ...found, sizes, shared: shareScopes(single, sizes) };
}

/** What nobody is paged for needs no grouping; what is one from the start has it. */
function mayBeShared(finding: Finding): boolean {
  return RULES[finding.rule.name].severity !== 'info' && scopeOf(finding).shared === null;
}

/** A burst between two blocks of an event loop is no recovery. */
function settled(signals: ChannelSignals, verdict: Verdict): Verdict {
  return verdict.state === 'clear' && loopBlocked(signals) ? UNDETERMINED : verdict;
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
      const verdict = settled(signals, rule.judge(signals));
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
    shared: new Map(),
    verdictOn: (rule, channel) => verdicts.get(`${rule}\n${channel}`) ?? UNDETERMINED,
  };
}
