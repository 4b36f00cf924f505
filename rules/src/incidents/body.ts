import { createHash } from 'node:crypto';
import type { Hypothesis, Incident, Link } from '@halfopen/telemetry';
import type { CauseModel } from '../causes/model.js';
import { diagnose } from '../diagnosis/diagnose.js';
import { gatherEvidence } from '../probes/probes.js';
import { expanded } from '../rulefile/template.js';
import type { ChannelSignals, SharedSymptom } from '../signals/signals.js';
import { clock } from '../probes/probe.js';
import type { Finding, Scope } from './finding.js';

/** PagerDuty takes at most 255 characters as a dedup key. */
const DEDUP_KEY_CHARS_MAX = 255;

/** Channels named in a summary; the incident lists them all. */
const CHANNELS_NAMED_MAX = 5;

export interface Identity {
  readonly id: string;
  readonly dedup_key: string;
}

/** The same telemetry and instants give the same id: it is a hash of the rule, the scope and the first instant. */
export function identityOf(rule: string, scope: Scope, first_ms: number): Identity {
  const key = `halfopen/${rule}/${scope.key}`;
  return {
    id: hash(`${key}\n${new Date(first_ms).toISOString()}`),
    dedup_key: key.length <= DEDUP_KEY_CHARS_MAX ? key : `halfopen/${rule}/${hash(scope.key)}`,
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

export interface Course {
  readonly scope: Scope;
  readonly identity: Identity;
  readonly started_ms: number;
  readonly fired_ms: number;
  /** Affected channels, sorted. */
  readonly channels: readonly string[];
  /** What they share, as evidence. */
  readonly shared: SharedSymptom | undefined;
}

/**
 * The incident as the contract has it, explained by its clearest member: the one whose likeliest cause is the most
 * probable (ties by name).
 */
export function incidentBody(
  course: Course,
  findings: readonly [Finding, ...Finding[]],
  causes: CauseModel,
): Incident {
  const clearest = findings.reduce((best, finding) =>
    certainty(finding) > certainty(best) ? finding : best,
  );
  const { rule, signals, verdict } = clearest;
  const diagnosis =
    course.shared === undefined
      ? clearest.diagnosis
      : diagnose(gatherEvidence({ ...signals, shared: course.shared }), causes);
  const cause = diagnosis.hypotheses[0];
  return {
    ...course.identity,
    rule: rule.name,
    status: 'firing',
    severity: rule.severity,
    started_at: iso(course.started_ms),
    fired_at: iso(course.fired_ms),
    resolved_at: null,
    channels: course.channels,
    shared: course.scope.shared,
    summary: summary(course, clearest, cause),
    facts: [...(verdict.fact === undefined ? [] : [verdict.fact]), ...diagnosis.facts],
    unknowns: diagnosis.unknowns,
    hypotheses: diagnosis.hypotheses,
    next_step: diagnosis.nextStep,
    runbook_url: rule.runbookUrl ?? `docs/runbooks/${cause?.cause ?? 'unknown-cause'}.md`,
    links: pages(course, signals.channel),
    ...owned('labels', rule.labels, signals, rule.place),
    ...owned('annotations', rule.annotations, signals, rule.place),
  };
}

/** What a user's own rule says, for whoever routes or reads; the shipped ones have nothing to add to the contract's keys. */
function owned(
  key: 'labels' | 'annotations',
  said: Readonly<Record<string, string>>,
  signals: ChannelSignals,
  place: string | undefined,
): Pick<Incident, 'labels' | 'annotations'> {
  if (place === undefined || Object.keys(said).length === 0) return {};
  return {
    [key]: Object.fromEntries(Object.entries(said).map(([name, text]) => [name, expanded(text, signals)])),
  };
}

/** What is shown beside an incident: minutes before its onset and behind its firing. */
const SHOWN_AROUND_MS = 300_000;

/** Pages of the console, relative to its address. */
function pages({ identity, started_ms, fired_ms }: Course, channel: string): Link[] {
  const range = new URLSearchParams({
    from: iso(started_ms - SHOWN_AROUND_MS),
    to: iso(fired_ms + SHOWN_AROUND_MS),
  }).toString();
  return [
    { text: 'Incident', href: `/incidents/${identity.id}` },
    { text: `Channel ${channel}`, href: `/channels/${encodeURIComponent(channel)}?${range}` },
  ];
}

function certainty(finding: Finding): number {
  return finding.diagnosis.hypotheses[0]?.probability ?? 0;
}

function summary(course: Course, clearest: Finding, cause: Hypothesis | undefined): string {
  const likeliest =
    cause === undefined
      ? 'cause unknown'
      : `likeliest cause: ${cause.cause} (${Math.round(cause.probability * 100)} %)`;
  const { headline } = clearest.verdict;
  const since = ` since ${clock(course.started_ms)}`;
  if (course.channels.length === 1) return `${clearest.signals.channel} ${headline}${since}; ${likeliest}`;
  const named = course.channels.slice(0, CHANNELS_NAMED_MAX).join(', ');
  const more = course.channels.length > CHANNELS_NAMED_MAX ? ', ...' : '';
  const shared =
    course.scope.shared === null
      ? ''
      : `, all on ${course.scope.shared.attribute} ${course.scope.shared.value}`;
  return `${course.channels.length} channels (${named}${more})${shared}: each ${headline}${since}; ${likeliest}`;
}

export function iso(moment_ms: number): string {
  return new Date(moment_ms).toISOString();
}
