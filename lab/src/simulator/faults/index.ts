import { AGENT_PROCESS_FAULTS } from './agent-process.js';
import { BENIGN_DISTURBANCES } from './benign.js';
import { CONNECTING_FAULTS } from './connecting.js';
import type { Disturbance } from './disturbance.js';
import { END_FAULTS } from './ends.js';
import { FRAMING_FAULTS } from './framing.js';
import { HEARTBEAT_FAULTS } from './heartbeat.js';
import { PATH_FAULTS } from './path.js';

const ALL_FAULTS = {
  ...END_FAULTS,
  ...PATH_FAULTS,
  ...FRAMING_FAULTS,
  ...HEARTBEAT_FAULTS,
  ...CONNECTING_FAULTS,
  ...AGENT_PROCESS_FAULTS,
} as const;

export type FaultName = keyof typeof ALL_FAULTS;
export type BenignName = keyof typeof BENIGN_DISTURBANCES;

/** What can break, by name; most are named after their cause. */
export const FAULTS: Readonly<Record<FaultName, Disturbance>> = ALL_FAULTS;
/** What looks like trouble and is none. */
export const BENIGN: Readonly<Record<BenignName, Disturbance>> = BENIGN_DISTURBANCES;

export type { Disturbance, DisturbanceOptions } from './disturbance.js';
