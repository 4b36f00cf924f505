import type { CauseName, Fact, Hypothesis, NextStep, Unknown } from '@halfopen/telemetry';
import type { CauseModel } from '../causes/model.js';
import { UNKNOWN_CAUSE } from '../causes/table.js';
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

/** Ranks the causes by the evidence. Pure: the same evidence and table give the same diagnosis. */
export function diagnose(evidence: Evidence, causes: CauseModel): Diagnosis {
  const observations = observed(evidence);
  const probabilities = posterior(observations, causes);
  return {
    facts: factsOf(evidence),
    unknowns: unknownsOf(evidence, probabilities, causes),
    hypotheses: hypothesesOf(evidence, probabilities, causes),
    nextStep: nextStep(observations, probabilities, causes),
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
function unknownsOf(evidence: Evidence, probabilities: Posterior, causes: CauseModel): Unknown[] {
  return PROBE_IDS.flatMap((id) => {
    const reading = evidence[id];
    return reading.value === 'unobserved' && tellsApart(id, probabilities, causes)
      ? [{ id, statement: reading.statement }]
      : [];
  });
}

function hypothesesOf(evidence: Evidence, probabilities: Posterior, causes: CauseModel): Hypothesis[] {
  const shown = byCause(probabilities, causes).filter(
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
      ...argumentsOf(evidence, likeliestPlace(cause, probabilities, causes), causes),
    }));
}

/** Where the cause sits, if it holds: whose reader, which way. */
function likeliestPlace(cause: CauseName, probabilities: Posterior, causes: CauseModel): string {
  const places = causes.ids.filter((id) => causes.hypothesis(id).cause === cause);
  return places.reduce(
    (best, id) => ((probabilities.get(id) ?? 0) > (probabilities.get(best) ?? 0) ? id : best),
    places[0] ?? UNKNOWN_CAUSE,
  );
}

function argumentsOf(
  evidence: Evidence,
  id: string,
  causes: CauseModel,
): Pick<Hypothesis, 'for' | 'against' | 'missing' | 'explanation'> {
  const speaksFor: string[] = [];
  const speaksAgainst: string[] = [];
  const missing: string[] = [];
  const { expects, explanation } = causes.hypothesis(id);
  for (const probe of PROBE_IDS) {
    const { value } = evidence[probe];
    const yes = causes.likelihoodOfYes(id, probe);
    const named = expects.has(probe);
    if (value === 'unobserved') {
      if (yes >= EXPECTED) missing.push(probe);
    } else if (value === 'yes') {
      if (yes >= EXPECTED) speaksFor.push(probe);
      else if (yes <= UNEXPECTED && id !== UNKNOWN_CAUSE) speaksAgainst.push(probe);
    } else if (yes >= EXPECTED) speaksAgainst.push(probe);
    else if (named && yes <= UNEXPECTED) speaksFor.push(probe);
  }
  return { for: speaksFor, against: speaksAgainst, missing, explanation };
}

/** Four digits: more would be pretended, and the sum stays within the contract's 0.001. */
function rounded(probability: number): number {
  return Math.round(probability * 10_000) / 10_000;
}
