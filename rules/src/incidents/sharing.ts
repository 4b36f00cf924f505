import type { CauseName } from '@halfopen/telemetry';
import type { ChannelSignals, SharedSymptom } from '../signals/signals.js';
import type { Finding, Scope } from './finding.js';

/**
 * Which findings of one instant have one cause (ADR 0018): the same rule and the same signature, on channels that share a
 * server, a site, a gateway or a version, within a few minutes, and too many of them to be a coincidence.
 */

/** What channels are grouped by; of those that hold the same channels the first one is named. */
export const GROUPED_BY = {
  'service.name': ({ ends, expectation }: ChannelSignals) => ends.server?.service ?? expectation?.service,
  'channel.site': (signals: ChannelSignals) => label(signals, 'site'),
  'channel.gateway': (signals: ChannelSignals) => label(signals, 'gateway'),
  'channel.agent.version': (signals: ChannelSignals) =>
    signals.ends.agent?.agent_version ??
    signals.ends.server?.agent_version ??
    signals.connections?.agent_version,
} as const;
export type GroupedBy = keyof typeof GROUPED_BY;
const ATTRIBUTES = Object.keys(GROUPED_BY) as readonly GroupedBy[];

function label({ ends, connections, expectation }: ChannelSignals, name: 'site' | 'gateway'): string {
  const said = [ends.server?.[name], ends.agent?.[name], connections?.[name], expectation?.[name]];
  return said.find((value) => value !== undefined && value !== '') ?? '';
}

/** How many channels there are by attribute and value, and in all. */
export interface Sizes {
  readonly channels: number;
  readonly of: ReadonlyMap<string, number>;
}

export const sizeKey = (attribute: string, value: string): string => `${attribute}=${value}`;

/** Above this it may well be chance, and each channel stands for itself. */
const CHANCE_MAX = 0.05;

/** Onsets so far apart are two events, s. */
const WINDOW_S = 600;

/** Before anything is known of the others: one channel in ten, though faults are much rarer than that. */
const PRIOR = { affected: 1, channels: 10 };

/** Causes that differ by nothing but how many channels they strike. */
const CLASS: Partial<Record<CauseName, CauseName>> = { 'site-path-loss': 'frames-lost' };

function classOf(cause: CauseName): CauseName {
  return CLASS[cause] ?? cause;
}

/** Findings with different ones are never told as one. */
export function signatureOf({ diagnosis }: Finding): CauseName {
  return classOf(diagnosis.hypotheses[0]?.cause ?? 'unknown-cause');
}

/** A member parts from an incident once the incident's cause is hardly its own any more. */
const PARTED_BELOW = 0.1;

export function isParted({ diagnosis }: Finding, signature: string): boolean {
  const own = diagnosis.hypotheses
    .filter(({ cause }) => classOf(cause) === signature)
    .reduce((sum, { probability }) => sum + probability, 0);
  return own < PARTED_BELOW;
}

export function sharedScope(attribute: GroupedBy, value: string, signature: string): Scope {
  return { key: `${attribute}=${value}/${signature}`, shared: { attribute, value }, signature };
}

/** Has the finding what the scope's channels share? */
export function belongsTo(finding: Finding, { shared, signature }: Scope): boolean {
  if (shared === null || signature !== signatureOf(finding)) return false;
  const { attribute, value } = shared;
  return attribute in GROUPED_BY && GROUPED_BY[attribute as GroupedBy](finding.signals) === value;
}

/** Are there any that could have one cause? Only then the sizes need to be counted. */
export function mayShare(findings: readonly Finding[]): boolean {
  const met = new Set<string>();
  return findings.some((finding) => {
    const key = `${finding.rule.name}/${signatureOf(finding)}`;
    return met.has(key) || (met.add(key), false);
  });
}

/** By finding, the scope that it shares with others. The likeliest common cause takes its channels first. */
export function shareScopes(findings: readonly Finding[], sizes: Sizes): Map<Finding, Scope> {
  const scopes = new Map<Finding, Scope>();
  for (const alike of bySignature(findings)) {
    let left = alike;
    for (let best = bestGroup(left, alike, sizes); best !== undefined; best = bestGroup(left, alike, sizes)) {
      for (const member of best.members) scopes.set(member, best.scope);
      left = left.filter((finding) => !scopes.has(finding));
    }
  }
  return scopes;
}

function bySignature(findings: readonly Finding[]): Finding[][] {
  const alike = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.rule.name}/${signatureOf(finding)}`;
    alike.set(key, [...(alike.get(key) ?? []), finding]);
  }
  return [...alike.values()].filter(({ length }) => length > 1);
}

interface Group {
  readonly scope: Scope;
  readonly members: readonly Finding[];
  readonly chance: number;
}

function bestGroup(left: readonly Finding[], alike: readonly Finding[], sizes: Sizes): Group | undefined {
  let best: Group | undefined;
  for (const attribute of ATTRIBUTES) {
    const byValue = new Map<string, Finding[]>();
    for (const finding of left) {
      const value = GROUPED_BY[attribute](finding.signals) ?? '';
      if (value !== '') byValue.set(value, [...(byValue.get(value) ?? []), finding]);
    }
    for (const [value, holders] of byValue) {
      const members = together(holders);
      if (members.length < 2) continue;
      const [first] = members;
      const elsewhere = alike.length - members.length;
      const chance = chanceOf(counted(sizes, attribute, value, members.length, elsewhere));
      if (first === undefined || chance > CHANCE_MAX || chance >= (best?.chance ?? Infinity)) continue;
      best = { scope: sharedScope(attribute, value, signatureOf(first)), members, chance };
    }
  }
  return best;
}

/** The most that began within the window. */
function together(findings: readonly Finding[]): Finding[] {
  const sorted = [...findings].sort((a, b) => a.verdict.since_ms - b.verdict.since_ms);
  let best: Finding[] = [];
  sorted.forEach((first, index) => {
    const within = sorted
      .slice(index)
      .filter(({ verdict }) => verdict.since_ms - first.verdict.since_ms <= WINDOW_S * 1000);
    if (within.length > best.length) best = within;
  });
  return best;
}

/** Affected channels among those with the value, and among the others. */
interface Counted {
  readonly affected: number;
  readonly of: number;
  readonly elsewhere: number;
  readonly ofElsewhere: number;
}

function counted(
  sizes: Sizes,
  attribute: string,
  value: string,
  affected: number,
  elsewhere: number,
): Counted {
  const of = Math.max(affected, sizes.of.get(sizeKey(attribute, value)) ?? 0);
  return { affected, of, elsewhere, ofElsewhere: Math.max(elsewhere, sizes.channels - of) };
}

/**
 * How likely so many of the channels with the value would be affected by chance, if each were as likely to be as the others
 * are: a binomial tail.
 */
export function chanceOf({ affected, of, elsewhere, ofElsewhere }: Counted): number {
  const rate = (elsewhere + PRIOR.affected) / (ofElsewhere + PRIOR.channels);
  let log = 0; // of "n over k", from k = 0 on
  let sum = 0;
  for (let k = 0; k <= of; k++) {
    if (k > 0) log += Math.log((of - k + 1) / k);
    if (k >= affected) sum += Math.exp(log + k * Math.log(rate) + (of - k) * Math.log1p(-rate));
  }
  return Math.min(1, sum);
}

/** What the incident's channels share, as evidence on each of them. */
export function sharedSymptom(
  { shared }: Scope,
  channels: readonly string[],
  others: readonly string[],
  sizes: Sizes | undefined,
): SharedSymptom | undefined {
  if (shared === null || sizes === undefined || !(shared.attribute in GROUPED_BY)) return undefined;
  const numbers = counted(sizes, shared.attribute, shared.value, channels.length, others.length);
  const { affected, of, ofElsewhere } = numbers;
  return { ...shared, channels, affected, others, of, ofElsewhere, chance: chanceOf(numbers) };
}
