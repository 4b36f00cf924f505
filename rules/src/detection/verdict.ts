import type { Fact } from '@halfopen/telemetry';
import type { ChannelSignals } from '../signals/signals.js';

/**
 * What a rule finds on one channel. Missing telemetry neither fires nor resolves: where the evidence does not carry
 * either way the verdict is undetermined, and an open incident is held (ADR 0005).
 */
export type Verdict =
  | {
      readonly state: 'firing';
      /** Estimated onset, ms since the epoch, never after the instant. */
      readonly since_ms: number;
      /** What is broken, as the predicate of a sentence about the channel. */
      readonly headline: string;
      /** What the rule itself asked for, beside the probes. */
      readonly fact?: Fact;
    }
  | { readonly state: 'clear' }
  | { readonly state: 'undetermined' };

export const CLEAR: Verdict = { state: 'clear' };
export const UNDETERMINED: Verdict = { state: 'undetermined' };

export function firing(signals: ChannelSignals, since_ms: number, headline: string, fact?: Fact): Verdict {
  const known = { state: 'firing', since_ms: Math.min(since_ms, signals.instant_ms), headline } as const;
  return fact === undefined ? known : { ...known, fact };
}
