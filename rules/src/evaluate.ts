import type { Store } from '@halfopen/store';
import type { Rule } from './detection/rules.js';
import { CLEAR, firing, UNDETERMINED, type Verdict } from './detection/verdict.js';
import { diagnose } from './diagnosis/diagnose.js';
import { scopeOf, type Finding } from './incidents/finding.js';
import { advance, type Findings, type OpenIncidents, type Step } from './incidents/lifecycle.js';
import { mayShare, shareScopes, sizeKey } from './incidents/sharing.js';
import { gatherEvidence, type Evidence } from './probes/probes.js';
import { SHIPPED, type RuleBook } from './rulefile/book.js';
import { holdsOnSuspectsOnly, judgeCondition, type Judged } from './rulefile/condition.js';
import type { SqlAnswer, SqlExpression } from './rulefile/sql-expression.js';
import { expanded } from './rulefile/template.js';
import { loopBlocked } from './signals/derive.js';
import { sizesSql } from './signals/populations.js';
import { readSignals } from './signals/read.js';
import { unheardOf, type ChannelSignals } from './signals/signals.js';
import { readSuspects } from './signals/suspects.js';

export interface EvaluateOptions {
  /**
   * Reads and judges every channel, not only those on which a rule might fire: the same answer, at a hundred times the
   * cost. For tests of that.
   * @default false
   */
  readonly everyChannel?: boolean;
}

/**
 * One evaluation of all rules: a function of the store, the instant and the incidents open before it. The live loop and
 * the backtest both step through this.
 *
 * @param instant_ms event time, ms since the epoch: nothing younger is looked at
 */
export async function evaluate(
  store: Store,
  instant_ms: number,
  open: OpenIncidents,
  book: RuleBook = SHIPPED,
  { everyChannel = false }: EvaluateOptions = {},
): Promise<Step> {
  // Of a member of an open incident, the rules must say whether it is well again.
  const members = open.flatMap((incident) => [...incident.members.keys()]);
  return advance(open, await find(store, instant_ms, book, { open, members, everyChannel }), book.rules);
}

export interface Asked {
  readonly open: OpenIncidents;
  /** Channels that are judged whether or not a rule might fire on them. */
  readonly members: readonly string[];
  readonly everyChannel: boolean;
}

/** What the rules find at an instant, and which findings have one cause. */
export async function find(
  store: Store,
  instant_ms: number,
  book: RuleBook,
  { open, members, everyChannel }: Asked,
): Promise<Findings> {
  const answers = await askSql(book.rules, instant_ms);
  const named = [...members, ...[...answers.values()].flatMap((rows) => [...(rows?.keys() ?? [])])];
  const choose = !everyChannel && book.rules.every(asksSuspectsOnly);
  const channels = choose ? [...(await readSuspects(store, instant_ms)), ...named] : undefined;
  const signals = await readSignals(store, instant_ms, channels);
  const all = answers.size === 0 ? signals : withUnheardOf(signals, named, instant_ms);
  return share(store, judge(all, instant_ms, book, answers), open);
}

/** What each rule's SQL returns, by the rule's name. */
async function askSql(rules: readonly Rule[], instant_ms: number): Promise<ReadonlyMap<string, SqlAnswer>> {
  const asking = rules.flatMap(({ name, expression }) =>
    expression.kind === 'sql'
      ? [expression.answer(instant_ms).then((answer) => [name, answer] as const)]
      : [],
  );
  return new Map(await Promise.all(asking));
}

function asksSuspectsOnly({ expression }: Rule): boolean {
  return expression.kind === 'sql' || holdsOnSuspectsOnly(expression);
}

/** SQL may name channels, and have named some, that nobody has told of lately. */
function withUnheardOf(
  signals: readonly ChannelSignals[],
  named: readonly string[],
  instant_ms: number,
): ChannelSignals[] {
  const heard = new Set(signals.map(({ channel }) => channel));
  const others = [...new Set(named)].filter((channel) => !heard.has(channel)).sort();
  return [...signals, ...others.map((channel) => unheardOf(channel, instant_ms))];
}

/** Counts the channels, where findings may have one cause, and tells which have. */
async function share(store: Store, found: Findings, open: OpenIncidents): Promise<Findings> {
  const single = found.firing.filter((finding) => mayBeShared(finding));
  if (!mayShare(single) && !open.some(({ scope }) => scope.signature !== undefined)) return found;
  const rows = await store.query<{ attribute: string; value: string; channels: number }>(
    sizesSql(found.instant_ms),
  );
  const of = new Map(rows.map(({ attribute, value, channels }) => [sizeKey(attribute, value), channels]));
  const sizes = { channels: of.get(sizeKey('', '')) ?? 0, of };
  return { ...found, sizes, shared: shareScopes(single, sizes) };
}

/** What nobody is paged for needs no grouping; what is one from the start has it. */
function mayBeShared(finding: Finding): boolean {
  return finding.rule.severity !== 'info' && scopeOf(finding).shared === null;
}

/** A burst between two blocks of an event loop is no recovery. */
function settled(signals: ChannelSignals, verdict: Verdict): Verdict {
  return verdict.state === 'clear' && loopBlocked(signals) ? UNDETERMINED : verdict;
}

/**
 * Every rule on each of the channels; only what fires is diagnosed.
 *
 * @param answers of the rules that are SQL
 */
function judge(
  channels: readonly ChannelSignals[],
  instant_ms: number,
  { rules, causes }: RuleBook,
  answers: ReadonlyMap<string, SqlAnswer>,
): Findings {
  const verdicts = new Map<string, Verdict>();
  const firing: Finding[] = [];
  for (const signals of channels) {
    const judged: Judged = { signals, evidence: once(() => gatherEvidence(signals)) };
    const fired: { rule: Rule; verdict: Extract<Verdict, { state: 'firing' }> }[] = [];
    for (const rule of rules) {
      const verdict = verdictOf(rule, judged, answers);
      verdicts.set(`${rule.name}\n${signals.channel}`, verdict);
      if (verdict.state === 'firing') fired.push({ rule, verdict });
    }
    if (fired.length === 0) continue;
    const diagnosis = diagnose(judged.evidence(), causes);
    for (const { rule, verdict } of fired) firing.push({ rule, signals, verdict, diagnosis });
  }
  return {
    instant_ms,
    firing,
    causes,
    shared: new Map(),
    verdictOn: (rule, channel) => verdicts.get(`${rule}\n${channel}`) ?? UNDETERMINED,
  };
}

function verdictOf(rule: Rule, judged: Judged, answers: ReadonlyMap<string, SqlAnswer>): Verdict {
  const { signals } = judged;
  const { summary } = rule.annotations;
  const own = summary === undefined ? undefined : expanded(summary, signals);
  if (rule.expression.kind === 'sql')
    return verdictOfSql(rule, rule.expression, signals, answers.get(rule.name), own);
  const verdict = settled(signals, judgeCondition(rule.expression, judged, `meets ${rule.text}`));
  return verdict.state === 'firing' && own !== undefined ? { ...verdict, headline: own } : verdict;
}

function verdictOfSql(
  rule: Rule,
  expression: SqlExpression,
  signals: ChannelSignals,
  answer: SqlAnswer,
  headline = `is returned by the query of ${rule.name}`,
): Verdict {
  if (answer === undefined) return UNDETERMINED;
  const row = answer.get(signals.channel);
  if (row === undefined) return CLEAR;
  const { channel, instant_ms } = signals;
  const fact = expression.fact(rule.name, channel, instant_ms, row);
  return firing(signals, row.since_ms ?? instant_ms, headline, fact);
}

function once(make: () => Evidence): () => Evidence {
  let made: Evidence | undefined;
  return () => (made ??= make());
}
