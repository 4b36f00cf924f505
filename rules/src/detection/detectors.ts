import { RULE_NAMES, type RuleName } from '@halfopen/telemetry';
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

/** What judges one channel, by the name of the rule that is shipped with it. */
export const DETECTORS: Readonly<Record<RuleName, (signals: ChannelSignals) => Verdict>> = {
  'asymmetric-channel': asymmetricChannel,
  'zombie-handler': zombieHandler,
  'heartbeat-gap': heartbeatGap,
  'never-connected': neverConnected,
  'flapping-channel': flappingChannel,
  'stream-corruption': streamCorruption,
  'duplicate-execution': duplicateExecution,
  'telemetry-gap': telemetryGap,
};

export function isDetector(name: string): name is RuleName {
  return (RULE_NAMES as readonly string[]).includes(name);
}
