import { PROBE_IDS, PROBES, type ProbeId } from '../probes/probes.js';
import {
  HEALTHY,
  HYPOTHESES,
  LEVELS,
  OUTRIGHT,
  SAID_OUTRIGHT,
  UNKNOWN,
  type HypothesisDefinition,
  type HypothesisId,
} from './likelihoods.js';

const isHypothesis = (name: string): name is HypothesisId => name in HYPOTHESES;

/** The likelihood table, ready to be computed with. */
export const HYPOTHESIS_IDS: readonly HypothesisId[] = Object.keys(HYPOTHESES).filter(isHypothesis);

export function hypothesis(id: HypothesisId): HypothesisDefinition {
  return HYPOTHESES[id];
}

const PRIOR_TOTAL = HYPOTHESIS_IDS.reduce((sum, id) => sum + HYPOTHESES[id].prior, 0);

export function prior(id: HypothesisId): number {
  return HYPOTHESES[id].prior / PRIOR_TOTAL;
}

/** Probability that the probe reads `yes` where it is observed, if the hypothesis holds. */
export function likelihoodOfYes(id: HypothesisId, probe: ProbeId): number {
  if (id === 'unknown-cause') return UNKNOWN;
  const level = hypothesis(id).expects[probe];
  if (level !== undefined) return LEVELS[level];
  return SAID_OUTRIGHT.has(probe) ? OUTRIGHT : HEALTHY;
}

/** Probes that see the same thing from several sides: together they count as one. */
export const PROBE_GROUPS: readonly (readonly ProbeId[])[] = groupProbes();

function groupProbes(): ProbeId[][] {
  const groups = new Map<string, ProbeId[]>();
  for (const id of PROBE_IDS) {
    const { group } = PROBES[id];
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [id]);
    else members.push(id);
  }
  return [...groups.values()];
}
