import type { CauseName, RuleName } from '@halfopen/telemetry';

/** What can be broken in a live fleet, and what a right answer to it is. */
export interface LiveFault {
  readonly meaning: string;
  readonly mend: string;
  /** One of these fires. */
  readonly rules: readonly RuleName[];
  readonly cause: CauseName;
  /** The rules' own bound from the onset, at the live fleet's periods, s. */
  readonly bound_s: number;
}

export const LIVE_FAULTS = {
  'writer-stalled': {
    meaning: "the gateway's writer hangs for this agent: commands queue up, pings pass, heartbeats arrive",
    mend: 'the writer goes on',
    rules: ['asymmetric-channel'],
    cause: 'writer-stalled',
    bound_s: 20,
  },
  'handler-dead': {
    meaning: "the agent's worker has died: its listener goes on queueing, pongs and heartbeats go on",
    mend: 'the worker is started again',
    rules: ['zombie-handler', 'asymmetric-channel'],
    cause: 'handler-dead',
    bound_s: 45,
  },
  'handler-stuck': {
    meaning: "the agent's worker hangs in a command and never takes the next",
    mend: 'the command is let go',
    rules: ['zombie-handler', 'asymmetric-channel'],
    cause: 'handler-stuck',
    bound_s: 45,
  },
  'heartbeat-not-started': {
    meaning: 'the agent restarts its connection, and not its heartbeat timer',
    mend: 'it restarts both',
    rules: ['heartbeat-gap'],
    cause: 'heartbeat-not-started',
    bound_s: 15,
  },
  'agent-killed': {
    meaning: "the agent's process is killed, and nothing starts it again",
    mend: 'it is started again',
    rules: ['never-connected'],
    cause: 'agent-not-running',
    bound_s: 95,
  },
  'frames-dropped': {
    meaning: 'a proxy on the way loses all text frames towards the agent; pings pass',
    mend: 'the proxy loses nothing any more',
    rules: ['asymmetric-channel'],
    cause: 'frames-lost',
    bound_s: 60,
  },
} as const satisfies Record<string, LiveFault>;

export type LiveFaultName = keyof typeof LIVE_FAULTS;
export const LIVE_FAULT_NAMES = Object.keys(LIVE_FAULTS) as readonly LiveFaultName[];
