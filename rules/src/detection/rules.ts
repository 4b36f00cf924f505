import type { Severity } from '@halfopen/telemetry';
import type { Condition } from '../rulefile/condition.js';
import type { SqlExpression } from '../rulefile/sql-expression.js';

/** A rule in force, shipped or a user's own. */
export interface Rule {
  readonly name: string;
  readonly severity: Severity;
  /** The verdict must hold so long before the incident fires, s. */
  readonly for_s: number;
  /** An undetermined verdict holds an open incident at most so long, s; a clear one resolves it at once. */
  readonly keep_firing_for_s: number;
  readonly expression: Condition | SqlExpression;
  /** As the file has it. */
  readonly text: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Where it leads instead of the cause's runbook. */
  readonly runbookUrl?: string;
  /** `rules.yaml:12`; absent where it is one of those that are shipped. */
  readonly place?: string;
}
