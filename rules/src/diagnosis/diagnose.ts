import type { CauseName, Fact, Hypothesis, NextStep, Unknown } from '@halfopen/telemetry';
import type { HypothesisId } from '../causes/likelihoods.js';
import { hypothesis, HYPOTHESIS_IDS, likelihoodOfYes } from '../causes/model.js';
import { PROBE_IDS, type Evidence, type ProbeId } from '../probes/probes.js';
import { nextStep, tellsApart } from './next-step.js';
import { byCause, posterior, type Observations, type Posterior } from './posterior.js';

/** Facts and inferences of one channel, kept apart. */
export interface Diagnosis {
  readonly facts: readonly Fact[];
  readonly unknowns: readonly Unknown[];
  readonly hypotheses: readonly Hypothesis[];
  readonly nextStep: NextStep;
}

/** Causes below this probability are left out, save for `unknown-cause`; what they had is added to it. */
const SHOWN_MIN = 0.005;

/** A reading speaks for a cause that expects it at least so much more than not, and against one that does so less. */
const EXPECTED = 0.6;
const UNEXPECTED = 0.25;

/** Ranks the causes by the evidence. Pure: the same evidence gives the same diagnosis. */
export function diagnose(evidence: Evidence): Diagnosis {
  const observations = observed(evidence);
  const probabilities = posterior(observations);
  return {
    facts: factsOf(evidence),
    unknowns: unknownsOf(evidence, probabilities),
    hypotheses: hypothesesOf(evidence, probabilities),
    nextStep: nextStep(observations, probabilities),
  };
}

function observed(evidence: Evidence): Observations {
  const observations = new Map<ProbeId, 'yes' | 'no'>();
  for (const id of PROBE_IDS) {
    const { value } = evidence[id];
    if (value !== 'unobserved') observations.set(id, value);
  }
  return observations;
}

/** Symptoms first: what is wrong is what the reader came for. */
function factsOf(evidence: Evidence): Fact[] {
  const facts: Fact[] = [];
  for (const id of PROBE_IDS) {
    const reading = evidence[id];
    if (reading.value === 'unobserved') continue;
    facts.push({ id, statement: reading.statement, observed: reading.value === 'yes', sql: reading.sql });
  }
  return facts.sort((a, b) => Number(b.observed) - Number(a.observed));
}

/** Only what would move a cause that is still in play; the rest nobody needs to know. */
function unknownsOf(evidence: Evidence, probabilities: Posterior): Unknown[] {
  return PROBE_IDS.flatMap((id) => {
    const reading = evidence[id];
    return reading.value === 'unobserved' && tellsApart(id, probabilities)
      ? [{ id, statement: reading.statement }]
      : [];
  });
}

function hypothesesOf(evidence: Evidence, probabilities: Posterior): Hypothesis[] {
  const causes = byCause(probabilities);
  const shown = causes.filter(
    ({ cause, probability }) => cause !== 'unknown-cause' && probability >= SHOWN_MIN,
  );
  const rest = 1 - shown.reduce((sum, { probability }) => sum + rounded(probability), 0);
  return [
    ...shown.map(({ cause, probability }) => ({ cause, probability: rounded(probability) })),
    { cause: 'unknown-cause' as const, probability: rounded(Math.max(0, rest)) },
  ]
    .sort((a, b) => b.probability - a.probability)
    .map(({ cause, probability }) => ({
      cause,
      probability,
      ...argumentsOf(evidence, likeliestPlace(cause, probabilities)),
    }));
}

/** Where the cause sits, if it holds: whose reader, which way. */
function likeliestPlace(cause: CauseName, probabilities: Posterior): HypothesisId {
  const places = HYPOTHESIS_IDS.filter((id) => hypothesis(id).cause === cause);
  return places.reduce(
    (best, id) => ((probabilities.get(id) ?? 0) > (probabilities.get(best) ?? 0) ? id : best),
    places[0] ?? 'unknown-cause',
  );
}

function argumentsOf(
  evidence: Evidence,
  id: HypothesisId,
): Pick<Hypothesis, 'for' | 'against' | 'missing' | 'explanation'> {
  const speaksFor: string[] = [];
  const speaksAgainst: string[] = [];
  const missing: string[] = [];
  for (const probe of PROBE_IDS) {
    const { value } = evidence[probe];
    const yes = likelihoodOfYes(id, probe);
    const named = hypothesis(id).expects[probe] !== undefined;
    if (value === 'unobserved') {
      if (yes >= EXPECTED) missing.push(probe);
    } else if (value === 'yes') {
      if (yes >= EXPECTED) speaksFor.push(probe);
      else if (yes <= UNEXPECTED && id !== 'unknown-cause') speaksAgainst.push(probe);
    } else if (yes >= EXPECTED) speaksAgainst.push(probe);
    else if (named && yes <= UNEXPECTED) speaksFor.push(probe);
  }
  return { for: speaksFor, against: speaksAgainst, missing, explanation: hypothesis(id).explanation };
}

/** Four digits: more would be pretended, and the sum stays within the contract's 0.001. */
function rounded(probability: number): number {
  return Math.round(probability * 10_000) / 10_000;
}
