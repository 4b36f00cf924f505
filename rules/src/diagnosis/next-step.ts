import type { CauseName, NextStep } from '@halfopen/telemetry';
import type { CauseModel } from '../causes/model.js';
import { UNKNOWN_CAUSE } from '../causes/table.js';
import { PROBE_IDS, PROBES, type ProbeId } from '../probes/probes.js';
import { byCause, entropyBits, posterior, type Observations, type Posterior } from './posterior.js';

/** A step that would tell less than this is not worth sending anyone for. */
const GAIN_BITS_MIN = 0.02;

/** A hypothesis is in play from this probability on. */
const IN_PLAY_MIN = 0.02;

/** Answers differ when their probabilities are so far apart. */
const DIFFERENCE_MIN = 0.4;

/** A cause is named as what remains from this probability on. */
const REMAINS_MIN = 0.15;

/**
 * The unobserved probe whose answer lowers the expected entropy over the causes most (J. de Kleer and B. C. Williams,
 * "Diagnosing multiple faults", Artificial Intelligence 32, 1987: one step ahead).
 */
export function nextStep(observations: Observations, now: Posterior, causes: CauseModel): NextStep {
  const before = entropyBits(now, causes);
  let best: { probe: ProbeId; gain: number; yes: Posterior; no: Posterior } | undefined;
  for (const probe of PROBE_IDS) {
    if (observations.has(probe) || !tellsApart(probe, now, causes)) continue;
    const chance = causes.ids.reduce(
      (sum, id) => sum + (now.get(id) ?? 0) * causes.likelihoodOfYes(id, probe),
      0,
    );
    const yes = posterior(new Map([...observations, [probe, 'yes' as const]]), causes);
    const no = posterior(new Map([...observations, [probe, 'no' as const]]), causes);
    const gain = before - chance * entropyBits(yes, causes) - (1 - chance) * entropyBits(no, causes);
    if (best === undefined || gain > best.gain) best = { probe, gain, yes, no };
  }
  if (best === undefined || best.gain < GAIN_BITS_MIN) return confirm(now, causes);
  const { measure } = PROBES[best.probe];
  const outcomes = [
    { if: measure.yes, then: remaining(best.yes, causes) },
    { if: measure.no, then: remaining(best.no, causes) },
  ];
  return {
    action: measure.action,
    discriminates: [...new Set(outcomes.flatMap(({ then }) => then))],
    outcomes,
  };
}

/** Would named causes that are still in play answer differently? That unknown causes might is no reason to send anyone. */
export function tellsApart(probe: ProbeId, now: Posterior, causes: CauseModel): boolean {
  const answers = causes.ids
    .filter((id) => id !== UNKNOWN_CAUSE && (now.get(id) ?? 0) >= IN_PLAY_MIN)
    .map((id) => causes.likelihoodOfYes(id, probe));
  return answers.length > 1 && Math.max(...answers) - Math.min(...answers) >= DIFFERENCE_MIN;
}

/** Nothing left to measure would tell more: act on the likeliest cause, and see. */
function confirm(now: Posterior, causes: CauseModel): NextStep {
  const ranked = byCause(now, causes).map(({ cause }) => cause);
  const [first = UNKNOWN_CAUSE, second = UNKNOWN_CAUSE] = ranked;
  return {
    action: `Follow the runbook of ${first}: the evidence already tells the causes apart as far as it can.`,
    discriminates: [first, second],
    outcomes: [
      { if: 'the channel recovers', then: [first] },
      { if: 'it does not', then: ranked.slice(1, 3) },
    ],
  };
}

function remaining(probabilities: Posterior, causes: CauseModel): CauseName[] {
  const ranked = byCause(probabilities, causes);
  const likely = ranked.filter(({ probability }) => probability >= REMAINS_MIN);
  return (likely.length > 0 ? likely : ranked.slice(0, 1)).map(({ cause }) => cause);
}
