import type { CauseName } from '@halfopen/telemetry';
import { PROBE_GROUPS, type CauseModel } from '../causes/model.js';
import type { ProbeId } from '../probes/probes.js';

/** What probes saw; a probe that is absent is unobserved and says nothing. */
export type Observations = ReadonlyMap<ProbeId, 'yes' | 'no'>;

/** By hypothesis. */
export type Posterior = ReadonlyMap<string, number>;

/**
 * Bayes over the hypotheses. Probes are taken as independent given the hypothesis, except within a group: there the mean
 * of the log-likelihoods counts (a logarithmic opinion pool of weight one), so that one fact seen from three sides is not
 * counted three times.
 *
 * @returns probabilities that add up to 1
 */
export function posterior(observations: Observations, causes: CauseModel): Posterior {
  const logs = causes.ids.map((id) => Math.log(causes.prior(id)) + logLikelihood(id, observations, causes));
  const greatest = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - greatest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return new Map(causes.ids.map((id, index) => [id, (weights[index] ?? 0) / total]));
}

function logLikelihood(id: string, observations: Observations, causes: CauseModel): number {
  let sum = 0;
  for (const group of PROBE_GROUPS) {
    let logs = 0;
    let observed = 0;
    for (const probe of group) {
      const value = observations.get(probe);
      if (value === undefined) continue;
      const yes = causes.likelihoodOfYes(id, probe);
      logs += Math.log(value === 'yes' ? yes : 1 - yes);
      observed++;
    }
    if (observed > 0) sum += logs / observed;
  }
  return sum;
}

/** The probability of each cause: the sum over its places, greatest first (ties by name, so that the order is fixed). */
export function byCause(
  probabilities: Posterior,
  causes: CauseModel,
): { readonly cause: CauseName; readonly probability: number }[] {
  const sums = new Map<CauseName, number>();
  for (const [id, probability] of probabilities) {
    const { cause } = causes.hypothesis(id);
    sums.set(cause, (sums.get(cause) ?? 0) + probability);
  }
  return [...sums]
    .map(([cause, probability]) => ({ cause, probability }))
    .sort((a, b) => b.probability - a.probability || a.cause.localeCompare(b.cause));
}

/** Uncertainty over the causes, in bits. */
export function entropyBits(probabilities: Posterior, causes: CauseModel): number {
  return byCause(probabilities, causes).reduce(
    (sum, { probability }) => (probability > 0 ? sum - probability * Math.log2(probability) : sum),
    0,
  );
}
