import type { Incident, Truth } from './incident.js';
import { START_MS, type Cell } from './matrix.js';
import type { Told } from './telling.js';

/** What the product made of one channel that a fault struck. */
export interface Outcome {
  readonly cell: Cell;
  readonly truth: Truth;
  /** Incidents on it that page; none: the fault was not noticed. */
  readonly incidents: readonly Incident[];
  /** From 1; Infinity where the true cause is not among the hypotheses. Of the incident that fired first. */
  readonly rank: number;
  /** Ranks in all of its incidents. */
  readonly ranks: readonly number[];
  readonly top: { readonly cause: string; readonly probability: number } | undefined;
  /** From the onset to the first firing, s. */
  readonly after_s: number | undefined;
  readonly bound_s: number | undefined;
}

/** An incident where there is nothing wrong. */
export interface FalseAlarm {
  readonly cell: Cell;
  readonly incident: Incident;
}

const pages = ({ severity }: Incident): boolean => severity !== 'info';

/** One outcome for each channel that was struck. */
export function outcomes({ cell, truth }: Told, incidents: readonly Incident[]): Outcome[] {
  return truth.map((what): Outcome => {
    const mine = incidents
      .filter((incident) => pages(incident) && incident.channels.includes(what.channel))
      .sort((a, b) => a.fired_at.localeCompare(b.fired_at));
    const [first] = mine;
    const ranks = mine.map((incident) => rankOf(incident, what.cause));
    return {
      cell,
      truth: what,
      incidents: mine,
      rank: ranks[0] ?? Infinity,
      ranks,
      top: first?.hypotheses[0],
      after_s: first === undefined ? undefined : (Date.parse(first.fired_at) - what.onsetMs) / 1000,
      bound_s: cell.bounds_s.get(what.fault),
    };
  });
}

function rankOf({ hypotheses }: Incident, cause: string): number {
  const index = hypotheses.findIndex((hypothesis) => hypothesis.cause === cause);
  return index < 0 ? Infinity : index + 1;
}

/** Incidents that page and name a channel that nothing has struck, or not yet. */
export function falseAlarms({ cell, truth }: Told, incidents: readonly Incident[]): FalseAlarm[] {
  const onset = new Map(truth.map(({ channel, onsetMs }) => [channel, onsetMs]));
  // A clock that is wrong dates what happened before the onset, and after it.
  const clock_ms = Math.max(0, ...(cell.scenario.benign ?? []).map(({ forMs }) => Math.abs(forMs ?? 0)));
  return incidents
    .filter(pages)
    .filter(({ channels, fired_at }) =>
      channels.some((channel) => Date.parse(fired_at) < (onset.get(channel) ?? Infinity) - clock_ms),
    )
    .map((incident) => ({ cell, incident }));
}

/**
 * Accuracy at k as RCAEval defines it (Pham et al., 2024): the share of cases whose cause is among the first k, for
 * cases with one cause each.
 */
export function accuracyAt(k: number, ranks: readonly number[]): number {
  return ranks.length === 0 ? NaN : ranks.filter((rank) => rank <= k).length / ranks.length;
}

/** Avg@k: the mean of the accuracies at 1 to k. */
export function averageAt(k: number, ranks: readonly number[]): number {
  let sum = 0;
  for (let each = 1; each <= k; each++) sum += accuracyAt(each, ranks);
  return sum / k;
}

export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly n: number;
  /** Mean of the probabilities told, and the share of the causes so told that were true. */
  readonly predicted: number;
  readonly actual: number;
}

const BIN_EDGES = [0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0001];

/** Every hypothesis of every incident on a struck channel, by the probability that it was given. */
export function calibration(all: readonly Outcome[]): Bin[] {
  const told = all.flatMap(({ incidents, truth }) =>
    incidents.flatMap(({ hypotheses }) =>
      hypotheses
        .filter(({ cause }) => cause !== 'unknown-cause')
        .map(({ cause, probability }) => ({ probability, right: cause === truth.cause })),
    ),
  );
  return BIN_EDGES.slice(0, -1).map((from, index) => {
    const to = BIN_EDGES[index + 1] ?? 1;
    const mine = told.filter(({ probability }) => probability >= from && probability < to);
    const n = mine.length;
    return {
      from,
      to: Math.min(1, to),
      n,
      predicted: mine.reduce((sum, { probability }) => sum + probability, 0) / n,
      actual: mine.filter(({ right }) => right).length / n,
    };
  });
}

/** How long channels were watched while nothing was wrong with them, days. */
export function healthyDays(told: readonly Told[], toMs: number): number {
  const healthy_ms = told.flatMap(({ channels, truth }) =>
    channels.map((channel) => {
      const onset = truth.find((what) => what.channel === channel)?.onsetMs ?? toMs;
      return onset - START_MS;
    }),
  );
  return healthy_ms.reduce((sum, ms) => sum + ms, 0) / 86_400_000;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? NaN;
}
