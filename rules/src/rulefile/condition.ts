import type { RuleName } from '@halfopen/telemetry';
import { DETECTORS } from '../detection/detectors.js';
import { CLEAR, firing, UNDETERMINED, type Verdict } from '../detection/verdict.js';
import type { Evidence, ProbeId } from '../probes/probes.js';
import type { ChannelSignals } from '../signals/signals.js';

/** A question about one channel, made of probes and of what the detectors find. */
export type Condition =
  | { readonly kind: 'detector'; readonly name: RuleName }
  | { readonly kind: 'probe'; readonly id: ProbeId }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] };

/** What is known of one channel. The evidence is gathered when it is asked for. */
export interface Judged {
  readonly signals: ChannelSignals;
  readonly evidence: () => Evidence;
}

/** In the three-valued logic of Kleene (ADR 0005): what nobody could see neither holds nor fails. */
interface Answer {
  readonly value: 'yes' | 'no' | 'unknown';
  /** Onset of what holds, ms since the epoch, where it is known. */
  readonly since_ms?: number;
  /** In a detector's words. */
  readonly headline?: string;
}

const NO: Answer = { value: 'no' };
const UNKNOWN: Answer = { value: 'unknown' };

/** @param headline what the channel does, where no detector of the condition says it better */
export function judgeCondition(condition: Condition, judged: Judged, headline: string): Verdict {
  const { signals } = judged;
  const answer = answerTo(condition, judged);
  switch (answer.value) {
    case 'yes':
      return firing(signals, answer.since_ms ?? signals.instant_ms, answer.headline ?? headline);
    case 'no':
      return CLEAR;
    case 'unknown':
      return UNDETERMINED;
  }
}

function answerTo(condition: Condition, judged: Judged): Answer {
  switch (condition.kind) {
    case 'detector':
      return ofVerdict(DETECTORS[condition.name](judged.signals));
    case 'probe': {
      const reading = judged.evidence()[condition.id];
      if (reading.value === 'unobserved') return UNKNOWN;
      if (reading.value === 'no') return NO;
      return { value: 'yes', ...(reading.since_ms === undefined ? {} : { since_ms: reading.since_ms }) };
    }
    case 'not': {
      const { value } = answerTo(condition.of, judged);
      return value === 'unknown' ? UNKNOWN : { value: value === 'yes' ? 'no' : 'yes' };
    }
    case 'and':
      return all(condition.parts.map((part) => answerTo(part, judged)));
    case 'or':
      return any(condition.parts.map((part) => answerTo(part, judged)));
  }
}

function ofVerdict(verdict: Verdict): Answer {
  if (verdict.state === 'undetermined') return UNKNOWN;
  if (verdict.state === 'clear') return NO;
  const { since_ms, headline } = verdict;
  return { value: 'yes', since_ms, headline };
}

/** Holds since the last of its parts does. */
function all(answers: readonly Answer[]): Answer {
  if (answers.some(({ value }) => value === 'no')) return NO;
  if (answers.some(({ value }) => value === 'unknown')) return UNKNOWN;
  return held(answers, (onsets) => Math.max(...onsets));
}

/** Holds since the first of its parts does. */
function any(answers: readonly Answer[]): Answer {
  const holding = answers.filter(({ value }) => value === 'yes');
  if (holding.length > 0) return held(holding, (onsets) => Math.min(...onsets));
  return answers.some(({ value }) => value === 'unknown') ? UNKNOWN : NO;
}

function held(answers: readonly Answer[], choose: (onsets: readonly number[]) => number): Answer {
  const onsets = answers.flatMap(({ since_ms }) => since_ms ?? []);
  const headline = answers.find((answer) => answer.headline !== undefined)?.headline;
  return {
    value: 'yes',
    ...(onsets.length === 0 ? {} : { since_ms: choose(onsets) }),
    ...(headline === undefined ? {} : { headline }),
  };
}

/**
 * Can it hold nowhere but where a detector fires? Then the suspects (ADR 0017) are all channels that need to be read for
 * it; otherwise every channel is.
 */
export function holdsOnSuspectsOnly(condition: Condition): boolean {
  switch (condition.kind) {
    case 'detector':
      return true;
    case 'probe':
    case 'not':
      return false;
    case 'and':
      return condition.parts.some(holdsOnSuspectsOnly);
    case 'or':
      return condition.parts.every(holdsOnSuspectsOnly);
  }
}
