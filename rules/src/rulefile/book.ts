import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MistakeError, readSource } from '@halfopen/checked-yaml';
import { peopleSqlOf, type PeopleStore, type PeopleSql } from '@halfopen/store';
import { BUILT_IN_CAUSES, CauseModel } from '../causes/model.js';
import { builtInTable, overlay } from '../causes/table.js';
import type { Rule } from '../detection/rules.js';
import { overlayRules, shippedDefinitions, type RuleDefinition } from './rule-file.js';
import { RULE_SQL_LIMITS, RuleSqlError, SqlExpression } from './sql-expression.js';

/** What is evaluated: the rules, and the table that explains what they find. */
export interface RuleBook {
  readonly rules: readonly Rule[];
  readonly causes: CauseModel;
}

/** Files that people write. A folder stands for the `.yaml` and `.yml` files in it. */
export interface RuleBookFiles {
  readonly rules: readonly string[];
  /** Changes to the cause table. */
  readonly causes?: string | undefined;
}

/** Read and checked; the SQL in it has not been tried. */
export interface RuleBookDraft {
  readonly definitions: readonly RuleDefinition[];
  readonly causes: CauseModel;
}

/** The rules and the table as they are shipped: there is no SQL among them. */
export const SHIPPED: RuleBook = {
  rules: shippedDefinitions().map((definition) => ruleOf(definition, undefined)),
  causes: BUILT_IN_CAUSES,
};

/**
 * Reads the files, each over what is shipped and those before it.
 *
 * @throws MistakeError with file and line
 */
export function readRuleBook(files: RuleBookFiles): RuleBookDraft {
  let definitions = shippedDefinitions();
  for (const file of filesOf(files.rules)) definitions = overlayRules(definitions, readSource(file, 'rule'));
  const causes =
    files.causes === undefined
      ? BUILT_IN_CAUSES
      : new CauseModel(overlay(builtInTable(), readSource(files.causes, 'cause table')));
  return { definitions, causes };
}

/** Folders give their files in the order of their names. @throws MistakeError where there is none of that name */
export function filesOf(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
    return readdirSync(path)
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => join(path, name));
  });
}

/** The door that rules' SQL goes through. Close it before the store. */
export function openRuleSql(store: PeopleStore): PeopleSql {
  return peopleSqlOf(store, RULE_SQL_LIMITS);
}

/**
 * Tries each rule's SQL out, and gives what can be evaluated.
 *
 * @param instant_ms at which it is tried, ms since the epoch
 * @throws MistakeError with file and line: what the gate refuses, what runs for too long, a column that is missing
 */
export async function openRuleBook(
  { definitions, causes }: RuleBookDraft,
  people: PeopleSql,
  instant_ms: number,
): Promise<RuleBook> {
  const inForce = definitions.filter(({ enabled }) => enabled);
  const rules = inForce.map((definition) => ruleOf(definition, people));
  for (const [index, { expression }] of rules.entries()) {
    if (expression.kind !== 'sql') continue;
    try {
      await expression.tryOut(instant_ms);
    } catch (error) {
      throw wrongSql(inForce[index], error);
    }
  }
  return { rules, causes };
}

function ruleOf(definition: RuleDefinition, people: PeopleSql | undefined): Rule {
  const { condition, ...rule } = definition;
  return { ...rule, expression: condition === 'sql' ? sqlOf(definition, people) : condition };
}

function sqlOf(definition: RuleDefinition, people: PeopleSql | undefined): SqlExpression {
  if (people === undefined) throw new Error(`${definition.name} is SQL, and nobody is there to ask`);
  try {
    return new SqlExpression(definition.text, people);
  } catch (error) {
    throw wrongSql(definition, error);
  }
}

function wrongSql(definition: RuleDefinition | undefined, error: unknown): unknown {
  if (!(error instanceof RuleSqlError) || definition === undefined) return error;
  const { expressionPlace, name } = definition;
  return new MistakeError(`${expressionPlace} the expr of ${name}: ${error.message}`, { cause: error });
}
