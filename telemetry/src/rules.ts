import type { Severity } from './incident.js';

export interface Rule {
  /** What is true when it fires. */
  readonly fires: string;
  /** Unless the rule's configuration says otherwise. */
  readonly severity: Severity;
  /** May it page a person, unless configured otherwise? What does not page is still shown and sent to webhooks. */
  readonly pages: boolean;
}

const TABLE = {
  'asymmetric-channel': {
    fires:
      'One direction demonstrably works while the work of the other demonstrably does not get done: not written, received, acknowledged or executed, whichever was due.',
    severity: 'critical',
    pages: true,
  },
  'zombie-handler': {
    fires:
      "The connection is claimed up while an end's reader or handler does no work: dead, or stuck on work it began, with work waiting.",
    severity: 'critical',
    pages: true,
  },
  'heartbeat-gap': {
    fires: "Two heartbeats in a row are missing, or the server's own record of the agent is that old.",
    severity: 'error',
    pages: true,
  },
  'never-connected': {
    fires:
      'A channel that is expected, or whose agent sends telemetry, has had no open connection for 90 s outside a known restart.',
    severity: 'error',
    pages: true,
  },
  'flapping-channel': {
    fires: 'Three closes in a row came at nearly equal lifetimes, or five within ten minutes.',
    severity: 'warning',
    pages: false,
  },
  'duplicate-execution': {
    fires: 'One frame was executed twice: by two executors, or twice by one.',
    severity: 'error',
    pages: true,
  },
  'stream-corruption': {
    fires: 'Decode errors go on beyond a first resynchronisation.',
    severity: 'error',
    pages: true,
  },
  'telemetry-gap': {
    fires:
      'An end that has spoken before is silent while others show its channel alive, or every end is silent.',
    severity: 'info',
    pages: false,
  },
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof TABLE;

/** The product's own rules. Users' rules have names of their own. */
export const RULES: Readonly<Record<RuleName, Rule>> = TABLE;
export const RULE_NAMES = Object.keys(TABLE) as readonly RuleName[];
