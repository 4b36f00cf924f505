import type { CauseName } from './causes.js';

/** From the one that hurts most to the one that only informs. */
export const SEVERITIES = ['critical', 'error', 'warning', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const INCIDENT_STATUSES = ['firing', 'resolved'] as const;
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number];

/** One explained incident, key by key as `GET /api/v1/incidents` answers it. Times are RFC 3339 in UTC (`...Z`). */
export interface Incident {
  readonly id: string;
  /** The same for every notification of this incident, and for a paging service to group by. */
  readonly dedup_key: string;
  /** A {@link RuleName}, or the name of a user's own rule. */
  readonly rule: string;
  readonly status: IncidentStatus;
  readonly severity: Severity;
  /** Event time of the estimated onset. */
  readonly started_at: string;
  /** Event time of the evaluation that fired. */
  readonly fired_at: string;
  /** Event time of the evaluation that resolved it; null while it fires. */
  readonly resolved_at: string | null;
  /** The affected `channel.id`s, at least one. */
  readonly channels: readonly string[];
  /** What the channels have in common; null for one channel, or where nothing is shared. */
  readonly shared: SharedAttribute | null;
  /** One sentence: what is broken, since when, the likeliest cause. */
  readonly summary: string;
  /** What was looked at by somebody who could see it. */
  readonly facts: readonly Fact[];
  /** What nobody could see; never among the facts. */
  readonly unknowns: readonly Unknown[];
  /** By falling probability; they add up to 1 (within 0.001), and `unknown-cause` is always among them. */
  readonly hypotheses: readonly Hypothesis[];
  readonly next_step: NextStep;
  readonly runbook_url: string;
  readonly links: readonly Link[];
  /** Of a user's own rule, if it has any. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Of a user's own rule, if it has any; what stands for the channel's properties is filled in. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An attribute that all affected channels carry with one value. */
export interface SharedAttribute {
  readonly attribute: string;
  readonly value: string;
}

/** One observation, with the query that shows it. */
export interface Fact {
  /** Unique within the incident, over facts and unknowns. */
  readonly id: string;
  readonly statement: string;
  /** True: seen. False: looked at, and not so. */
  readonly observed: boolean;
  /** Gives the rows behind the statement when run against the store. */
  readonly sql: string;
}

export interface Unknown {
  /** Unique within the incident, over facts and unknowns. */
  readonly id: string;
  /** What is not known, and why nobody could see it. */
  readonly statement: string;
}

export interface Hypothesis {
  readonly cause: CauseName;
  /** Posterior, 0 to 1. */
  readonly probability: number;
  /** Ids of the facts that speak for it. */
  readonly for: readonly string[];
  /** Ids of the facts that speak against it. */
  readonly against: readonly string[];
  /** Ids of the unknowns that would move its probability. */
  readonly missing: readonly string[];
  readonly explanation: string;
}

/** The measurement, or act, that tells the leading hypotheses apart best. */
export interface NextStep {
  readonly action: string;
  /** The causes it tells apart. */
  readonly discriminates: readonly CauseName[];
  readonly outcomes: readonly StepOutcome[];
}

/** What a result of the step would mean. */
export interface StepOutcome {
  readonly if: string;
  /** The causes that remain. */
  readonly then: readonly CauseName[];
}

export interface Link {
  readonly text: string;
  readonly href: string;
}
