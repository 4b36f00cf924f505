import { OBSERVERS, NOISES } from './matrix.js';
import {
  accuracyAt,
  averageAt,
  calibration,
  healthyDays,
  quantile,
  type FalseAlarm,
  type Outcome,
} from './score.js';
import type { Told } from './telling.js';

export interface Results {
  readonly faults: {
    readonly told: readonly Told[];
    readonly outcomes: readonly Outcome[];
    readonly alarms: readonly FalseAlarm[];
  };
  readonly benign: { readonly told: readonly Told[]; readonly alarms: readonly FalseAlarm[] };
  readonly toMs: number;
}

/** The figures of a set of outcomes; those that nobody noticed count as wrong in `all`, and are left out of `noticed`. */
export interface Figures {
  readonly of: string;
  readonly n: number;
  readonly noticed: number;
  readonly ac1: number;
  readonly ac3: number;
  readonly avg5: number;
  /** Of those noticed, over every incident on the channel. */
  readonly ac1Noticed: number;
  readonly ac3Noticed: number;
  readonly medianS: number;
  readonly worstS: number;
  /** Noticed later than their bound. */
  readonly late: number;
  /** A wrong cause, told with more than 80 %. */
  readonly sureAndWrong: number;
}

export function figures(of: string, all: readonly Outcome[]): Figures {
  const noticed = all.filter(({ incidents }) => incidents.length > 0);
  const ranks = all.map(({ rank }) => rank);
  const told = noticed.flatMap((outcome) => outcome.ranks);
  const after_s = noticed.flatMap((outcome) => outcome.after_s ?? []);
  return {
    of,
    n: all.length,
    noticed: noticed.length,
    ac1: accuracyAt(1, ranks),
    ac3: accuracyAt(3, ranks),
    avg5: averageAt(5, ranks),
    ac1Noticed: accuracyAt(1, told),
    ac3Noticed: accuracyAt(3, told),
    medianS: quantile(after_s, 0.5),
    worstS: Math.max(...after_s),
    late: noticed.filter(isLate).length,
    sureAndWrong: noticed.filter(isSureAndWrong).length,
  };
}

/** States come every ten seconds, and the rules look every ten. */
const ROUNDING_S = 10;

const isLate = ({ after_s = 0, bound_s = Infinity }: Outcome): boolean => after_s > bound_s + ROUNDING_S;
const isSureAndWrong = ({ incidents, truth }: Outcome): boolean =>
  incidents.some(
    ({ hypotheses: [top] }) => top !== undefined && top.cause !== truth.cause && top.probability > 0.8,
  );

export function summarize({ faults, benign, toMs }: Results): object {
  const { outcomes } = faults;
  const days = healthyDays(benign.told, toMs);
  const by = (name: string, choose: (outcome: Outcome) => boolean): Figures =>
    figures(name, outcomes.filter(choose));
  return {
    all: figures('all', outcomes),
    observers: Object.keys(OBSERVERS).map((name) => by(name, ({ cell }) => cell.observers === name)),
    noise: NOISES.map((name) => by(name, ({ cell }) => cell.noise === name)).filter(({ n }) => n > 0),
    causes: [...new Set(outcomes.map(({ truth }) => truth.cause))]
      .sort()
      .map((cause) => by(cause, ({ truth }) => truth.cause === cause)),
    falseAlarms: {
      benignChannelDays: days,
      perChannelDay: benign.alarms.length / days,
      benign: benign.alarms.length,
      onHealthyChannelsOfFaultRuns: faults.alarms.length,
    },
    calibration: calibration(outcomes),
  };
}

const WORST_MAX = 400;

/** The figures as tables, then what is worst, by name. */
export function print(results: Results, verbose: boolean): void {
  const { outcomes, alarms } = results.faults;
  const { benign, toMs } = results;
  const by = (name: string, choose: (outcome: Outcome) => boolean): Figures =>
    figures(name, outcomes.filter(choose));
  table('observers', [
    ...Object.keys(OBSERVERS).map((name) => by(name, ({ cell }) => cell.observers === name)),
    figures('all', outcomes),
  ]);
  table(
    'noise',
    NOISES.map((name) => by(name, ({ cell }) => cell.noise === name)).filter(({ n }) => n > 0),
  );
  if (verbose)
    for (const observers of Object.keys(OBSERVERS))
      table(
        `cause, seen by ${observers}`,
        [...new Set(outcomes.map(({ truth }) => truth.cause))]
          .sort()
          .map((cause) =>
            by(cause, ({ truth, cell }) => truth.cause === cause && cell.observers === observers),
          ),
      );
  const days = healthyDays(benign.told, toMs);
  console.log(
    `\nfalse alarms: ${benign.alarms.length} in ${days.toFixed(2)} benign channel-days (${(benign.alarms.length / days).toFixed(2)} a channel-day); ${alarms.length} on channels that nothing had struck in the runs with faults`,
  );
  for (const { cell, incident } of [...benign.alarms, ...alarms].slice(0, WORST_MAX))
    console.log(`  ${cell.label}: ${incident.rule}: ${incident.summary}`);
  console.log('\ncalibration  told     n      mean told  true');
  for (const { from, to, n, predicted, actual } of calibration(outcomes))
    if (n > 0)
      console.log(
        `             ${from.toFixed(2)}-${to.toFixed(2)}  ${String(n).padStart(5)}  ${predicted.toFixed(3).padStart(9)}  ${actual.toFixed(3).padStart(5)}`,
      );
  worst(outcomes);
}

function table(title: string, rows: readonly Figures[]): void {
  console.log(
    `\n${title.padEnd(26)}    n  noticed  AC@1  AC@3  Avg@5 | of noticed AC@1  AC@3 | median s  worst s  late | sure, wrong`,
  );
  for (const row of rows)
    console.log(
      `${row.of.padEnd(26)} ${String(row.n).padStart(4)}  ${share(row.noticed / row.n).padStart(7)}  ${share(row.ac1)}  ${share(row.ac3)}   ${share(row.avg5)} |            ${share(row.ac1Noticed)}  ${share(row.ac3Noticed)} | ${row.medianS.toFixed(0).padStart(8)}  ${row.worstS.toFixed(0).padStart(7)}  ${String(row.late).padStart(4)} | ${row.sureAndWrong}`,
    );
}

const share = (part: number): string => part.toFixed(2);

/** Not noticed, ranked behind the third, late, or sure and wrong. */
function worst(all: readonly Outcome[]): void {
  const line = ({ cell, truth, rank, top, after_s, bound_s, incidents }: Outcome): string =>
    `  ${cell.label}${truth.fault === cell.fault?.plan.name ? '' : ` [${truth.fault}]`}: ${
      top === undefined
        ? 'nothing fired'
        : `${incidents.map(({ rule }) => rule).join('+')}, ${top.cause} ${top.probability.toFixed(2)}, true cause ranked ${rank}, after ${after_s?.toFixed(0) ?? '?'} of ${bound_s ?? '?'} s`
    }`;
  const section = (title: string, chosen: readonly Outcome[]): void => {
    console.log(`\n${title}: ${chosen.length}`);
    for (const outcome of chosen.slice(0, WORST_MAX)) console.log(line(outcome));
  };
  section(
    'not noticed',
    all.filter(({ incidents }) => incidents.length === 0),
  );
  section(
    'true cause behind the third',
    all.filter(({ rank, incidents }) => incidents.length > 0 && rank > 3),
  );
  section(
    'true cause second or third',
    all.filter(({ rank }) => rank === 2 || rank === 3),
  );
  section('sure and wrong', all.filter(isSureAndWrong));
  section('late', all.filter(isLate));
}
