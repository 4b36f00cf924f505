import { PROBE_IDS, PROBES, type ProbeId } from '../probes/probes.js';
import { builtInTable, UNKNOWN_CAUSE, type CauseTable, type HypothesisDefinition } from './table.js';

/** The likelihood table, ready to be computed with. */
export class CauseModel {
  readonly ids: readonly string[];
  readonly #priorTotal: number;
  readonly #likelihoods: ReadonlyMap<string, ReadonlyMap<ProbeId, number>>;

  constructor(private readonly table: CauseTable) {
    this.ids = [...table.hypotheses.keys()];
    this.#priorTotal = this.ids.reduce((sum, id) => sum + this.hypothesis(id).prior, 0);
    this.#likelihoods = new Map(
      this.ids.map((id) => [id, new Map(PROBE_IDS.map((probe) => [probe, this.#likelihood(id, probe)]))]),
    );
  }

  hypothesis(id: string): HypothesisDefinition {
    const found = this.table.hypotheses.get(id);
    if (found === undefined) throw new Error(`the cause table has no ${id}`);
    return found;
  }

  prior(id: string): number {
    return this.hypothesis(id).prior / this.#priorTotal;
  }

  /** Probability that the probe reads `yes` where it is observed, if the hypothesis holds. */
  likelihoodOfYes(id: string, probe: ProbeId): number {
    return this.#likelihoods.get(id)?.get(probe) ?? this.table.healthy;
  }

  #likelihood(id: string, probe: ProbeId): number {
    const { levels, healthy, outright, unknown } = this.table;
    if (id === UNKNOWN_CAUSE) return unknown;
    const level = this.hypothesis(id).expects.get(probe);
    const said = level === undefined ? undefined : levels.get(level);
    return said ?? (outright.probes.has(probe) ? outright.probability : healthy);
  }
}

/** Of the table that is shipped. */
export const BUILT_IN_CAUSES = new CauseModel(builtInTable());

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
