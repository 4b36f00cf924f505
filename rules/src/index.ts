export { backtest, type BacktestOptions } from './backtest.js';
export { explain, type Explanation } from './explain.js';
export { findDeadFrame, type DeadFrame } from './incidents/dead-frame.js';
export { readIncident, readIncidents } from './incidents/journal.js';
export { assertInOffice, beginTerm, DeposedError, type Term } from './incidents/term.js';
export type { Transition } from './incidents/lifecycle.js';
export { startRules, type RulesLog, type RulesOptions, type RulesStatus, type RunningRules } from './run.js';
export { installSignals } from './signals/install.js';
export { evaluate, type EvaluateOptions } from './evaluate.js';
export type { OpenIncidents } from './incidents/lifecycle.js';
export {
  filesOf,
  openRuleBook,
  openRuleSql,
  readRuleBook,
  SHIPPED,
  type RuleBook,
  type RuleBookDraft,
  type RuleBookFiles,
} from './rulefile/book.js';
export type { Rule } from './detection/rules.js';
export type { SqlStatus } from './rulefile/sql-expression.js';
