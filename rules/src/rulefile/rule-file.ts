import { fileURLToPath } from 'node:url';
import {
  check,
  lineOf,
  MistakeError,
  place,
  readSource,
  type Path,
  type Source,
} from '@halfopen/checked-yaml';
import { RULES, type Severity } from '@halfopen/telemetry';
import { isDetector } from '../detection/detectors.js';
import { isProbeId } from '../probes/probes.js';
import type { Condition } from './condition.js';
import { ConditionError, parseCondition } from './parse-condition.js';
import { ruleFileSchema, type RuleEntry } from './schema.js';
import { isSql } from './sql-expression.js';
import { assertTemplate } from './template.js';

/** A rule as files say it; SQL has not been tried yet. */
export interface RuleDefinition {
  readonly name: string;
  readonly severity: Severity;
  readonly for_s: number;
  readonly keep_firing_for_s: number;
  readonly text: string;
  readonly condition: Condition | 'sql';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly runbookUrl?: string;
  readonly enabled: boolean;
  /** `rules.yaml:12`; absent where it is shipped as it is. */
  readonly place?: string;
  /** `rules.yaml:13:15`, of the expression. */
  readonly expressionPlace: string;
}

/** Unless said otherwise; those of Prometheus hold nothing, since there a missing sample resolves. */
const KEEP_FIRING_FOR_S = 300;
const SEVERITY: Severity = 'warning';

const BUILT_IN = fileURLToPath(new URL('../../../rules.yaml', import.meta.url));

/** Those that are shipped, in their order. */
export function shippedDefinitions(): RuleDefinition[] {
  return overlayRules([], readSource(BUILT_IN, 'rule')).map(({ place: _shipped, ...rule }) => rule);
}

/**
 * The rules with a file's: new ones behind, those of a name that is there already changed by what the file says.
 *
 * @throws MistakeError with file and line
 */
export function overlayRules(rules: readonly RuleDefinition[], source: Source): RuleDefinition[] {
  const { groups } = check(ruleFileSchema, source);
  const merged = new Map(rules.map((rule) => [rule.name, rule]));
  for (const [group, { rules: entries }] of groups.entries())
    for (const [index, entry] of entries.entries()) {
      const path = ['groups', group, 'rules', index];
      const before = merged.get(entry.alert);
      if (before?.place !== undefined)
        throw mistake(source, [...path, 'alert'], `${entry.alert} is there already, at ${before.place}`);
      merged.set(entry.alert, definition(entry, before, source, path));
    }
  return [...merged.values()];
}

function definition(
  entry: RuleEntry,
  before: RuleDefinition | undefined,
  source: Source,
  path: Path,
): RuleDefinition {
  const { alert: name, enabled } = entry;
  if (isProbeId(name))
    throw mistake(source, [...path, 'alert'], `${name} is the name of a probe: give the rule another`);
  const text = entry.expr?.trim() ?? before?.text;
  if (text === undefined)
    throw mistake(source, path, `${name} needs an expr: SQL, or a condition over probes and shipped rules`);
  const expressionPath = [...path, 'expr'];
  const labels = { ...before?.labels, ...entry.labels };
  const annotations = { ...before?.annotations, ...entry.annotations };
  for (const [key, value] of Object.entries(annotations))
    assertTemplate(value, (problem) => mistake(source, [...path, 'annotations', key], problem));
  const runbookUrl = entry.runbook_url ?? before?.runbookUrl;
  return {
    name,
    severity: severityOf(name, labels),
    for_s: entry.for ?? before?.for_s ?? 0,
    keep_firing_for_s: entry.keep_firing_for ?? before?.keep_firing_for_s ?? KEEP_FIRING_FOR_S,
    text,
    condition: isSql(text) ? 'sql' : conditionOf(text, source, expressionPath),
    labels,
    annotations,
    ...(runbookUrl === undefined ? {} : { runbookUrl }),
    enabled,
    place: `${source.file}:${lineOf(source, path)}`,
    expressionPlace: place(source, expressionPath),
  };
}

function severityOf(name: string, labels: Readonly<Record<string, string>>): Severity {
  // Checked by the schema.
  return (labels['severity'] as Severity | undefined) ?? (isDetector(name) ? RULES[name].severity : SEVERITY);
}

function conditionOf(text: string, source: Source, path: Path): Condition {
  try {
    return parseCondition(text);
  } catch (error) {
    if (error instanceof ConditionError) throw mistake(source, path, error.message);
    throw error;
  }
}

function mistake(source: Source, path: Path, problem: string): MistakeError {
  return new MistakeError(`${place(source, path)} ${path.join('.')}: ${problem}`);
}
