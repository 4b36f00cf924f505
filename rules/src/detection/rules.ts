import type { RuleName } from '@halfopen/telemetry';
import type { ChannelSignals } from '../signals/signals.js';
import { asymmetricChannel } from './asymmetric-channel.js';
import { duplicateExecution } from './duplicate-execution.js';
import { flappingChannel } from './flapping-channel.js';
import { heartbeatGap } from './heartbeat-gap.js';
import { neverConnected } from './never-connected.js';
import { streamCorruption } from './stream-corruption.js';
import { telemetryGap } from './telemetry-gap.js';
import type { Verdict } from './verdict.js';
import { zombieHandler } from './zombie-handler.js';

export interface Rule {
  readonly name: RuleName;
  /** The verdict must hold so long before the incident fires, s. Most rules carry their durations in their evidence. */
  readonly for_s: number;
  /** An undetermined verdict holds an open incident at most so long, s; a clear one resolves it at once. */
  readonly keep_firing_for_s: number;
  judge(signals: ChannelSignals): Verdict;
}

/** The rules in force. */
export const RULES_IN_FORCE: readonly Rule[] = [
  { name: 'asymmetric-channel', for_s: 0, keep_firing_for_s: 300, judge: asymmetricChannel },
  // A claim of one state interval may be a restart under way.
  { name: 'zombie-handler', for_s: 10, keep_firing_for_s: 300, judge: zombieHandler },
  { name: 'heartbeat-gap', for_s: 0, keep_firing_for_s: 300, judge: heartbeatGap },
  // Two evaluations at least: what was sent late may be half stored at one of them.
  { name: 'never-connected', for_s: 5, keep_firing_for_s: 300, judge: neverConnected },
  { name: 'flapping-channel', for_s: 0, keep_firing_for_s: 300, judge: flappingChannel },
  { name: 'stream-corruption', for_s: 0, keep_firing_for_s: 300, judge: streamCorruption },
  { name: 'duplicate-execution', for_s: 0, keep_firing_for_s: 300, judge: duplicateExecution },
  // Nobody is paged, so it may wait until late telemetry has come.
  { name: 'telemetry-gap', for_s: 30, keep_firing_for_s: 300, judge: telemetryGap },
];
