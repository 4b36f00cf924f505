import { FAULTS, Random, type Plan, type BenignName, type Scenario } from '@halfopen/lab';
import { FAULT_CASES, SECOND_FAULTS, type FaultCase } from './cases.js';

/** Who tells of the channels. */
export const OBSERVERS = {
  both: { observers: ['agent', 'server'] },
  server: { observers: ['server'] },
  agent: { observers: ['agent'] },
  'relay+server': { observers: ['relay', 'server'] },
  counters: { observers: ['agent', 'server'], frameSpans: false },
} as const satisfies Record<string, Partial<Scenario>>;
export type ObserversName = keyof typeof OBSERVERS;

/** What else goes on. */
export const NOISES = ['none', 'spans lost', 'skew', 'load', 'little traffic', 'second fault'] as const;
export type Noise = (typeof NOISES)[number];

/** Seeds that the product was tuned with, and seeds that it has not seen. */
export const SEED_SETS = { tuning: 0, reporting: 1 } as const;
export type SeedSet = keyof typeof SEED_SETS;

/** One simulated fleet, and what is asked of the product about it. */
export interface Cell {
  /** Names its channels, sites and services in the store. */
  readonly id: string;
  readonly label: string;
  readonly observers: ObserversName;
  readonly noise: Noise;
  readonly scenario: Partial<Scenario>;
  /** Undefined: nothing is wrong, and nothing may be raised. */
  readonly fault?: FaultCase;
  /** Bounds by the fault's name, from its onset, s. */
  readonly bounds_s: ReadonlyMap<string, number>;
}

export const START_MS = Date.UTC(2026, 9, 1, 12);
export const DURATION_S = 600;
const CHANNELS = 4;
/** Of the fault; another channel of its site may have a second one. */
const STRUCK = 'agent-3';
const SECOND_STRUCK = 'agent-1';
/** Two minutes of health first, at least. */
const ONSET_S_MIN = 120;
const ONSET_S_SPREAD = 30;

const COMMAND_INTERVAL_MS: Readonly<Partial<Record<Noise, number>>> = {
  load: 3_000,
  'little traffic': 120_000,
};
const USUAL_COMMAND_INTERVAL_MS = 20_000;

/** Fault by observers by noise. */
export function faultCells(seeds: SeedSet, quick: boolean): Cell[] {
  const noises = quick ? (['none', 'spans lost', 'skew'] as const) : NOISES;
  return FAULT_CASES.flatMap((fault, index) =>
    observersNames().flatMap((observers) =>
      noises
        .filter((noise) => noise !== 'second fault' || strikesOne(fault))
        // A quick run takes each noise with a third of the cases.
        .filter((noise, n) => !quick || (index + observersNames().indexOf(observers)) % noises.length === n)
        .map((noise) => faultCell(fault, observers, noise, seeds)),
    ),
  );
}

function observersNames(): ObserversName[] {
  return Object.keys(OBSERVERS) as ObserversName[];
}

function strikesOne({ plan }: FaultCase): boolean {
  return FAULTS[plan.name].strikes === 'channel';
}

function faultCell(fault: FaultCase, observers: ObserversName, noise: Noise, seeds: SeedSet): Cell {
  const label = `${fault.label} / ${observers} / ${noise}`;
  const random = new Random(`${seeds}/${label}`);
  const atMs = 1000 * (ONSET_S_MIN + random.integer(0, ONSET_S_SPREAD));
  const commandIntervalMs = COMMAND_INTERVAL_MS[noise] ?? USUAL_COMMAND_INTERVAL_MS;
  const second = SECOND_FAULTS.filter(({ plan }) => plan.name !== fault.plan.name);
  const other = noise === 'second fault' ? second[random.integer(0, second.length)] : undefined;
  const faults = [
    { ...fault.plan, atMs, ...(strikesOne(fault) ? { channels: [STRUCK] } : {}) },
    ...(other === undefined ? [] : [{ ...other.plan, atMs, channels: [SECOND_STRUCK] }]),
  ];
  const bounds_s = new Map(
    [fault, ...(other === undefined ? [] : [other])].map((each) => [
      each.plan.name,
      boundS(each, observers, commandIntervalMs),
    ]),
  );
  const scenario: Partial<Scenario> = {
    ...fleet(random, observers),
    commandIntervalMs,
    faults,
    benign: noise === 'spans lost' ? [{ name: 'spans-lost' }] : noise === 'skew' ? [skew(random)] : [],
  };
  return { id: idOf(label), label, observers, noise, scenario, fault, bounds_s };
}

function fleet(random: Random, observers: ObserversName): Partial<Scenario> {
  return {
    seed: random.integer(1, 2 ** 31 - 1),
    startMs: START_MS,
    durationMs: DURATION_S * 1000,
    channels: CHANNELS,
    ...OBSERVERS[observers],
  };
}

/** A clock that is up to half a minute off, either way. */
function skew(random: Random): Plan<BenignName> {
  const forMs = 1000 * random.integer(10, 31) * (random.chance(0.5) ? 1 : -1);
  return { name: 'clock-skew', end: random.chance(0.5) ? 'agent' : 'server', forMs };
}

/** By what a fault breaks; heartbeats are due every 30 s, pings every 20 s; a state comes every 10 s. */
function boundS({ breaks, plan }: FaultCase, observers: ObserversName, commandIntervalMs: number): number {
  const commands_s = (2 * commandIntervalMs) / 1000 + 40;
  switch (breaks) {
    case 'claims': {
      // Who is not seen claims nothing: then what it no longer does tells.
      const observed: readonly string[] = OBSERVERS[observers].observers;
      return observed.includes(plan.end ?? 'agent') ? 30 : commands_s;
    }
    case 'commands':
      return commands_s;
    case 'heartbeats':
    case 'hearing':
      return 75;
    case 'connecting':
      return 105;
    case 'cycles':
      return 3 * 75;
  }
}

type Benign = readonly Plan<BenignName>[];
const DOWN = { atMs: 150_000, untilMs: 420_000 } as const;
const AHEAD = { name: 'clock-skew', forMs: 30_000 } as const;
const BEHIND = { name: 'clock-skew', forMs: -30_000 } as const;

/** List E of the incidents, and what may well come together. */
const BENIGN_CASES: Readonly<Record<string, Benign>> = {
  healthy: [],
  load: [{ name: 'load', channels: [STRUCK] }],
  idle: [{ name: 'idle' }],
  'long command': [{ name: 'long-command', channels: [STRUCK], atMs: 120_000, forMs: 300_000 }],
  'deploy (1012)': [{ name: 'deploy', atMs: 200_000 }],
  'deploy (1001)': [{ name: 'deploy', variant: 'away', atMs: 200_000 }],
  'agent removed': [{ name: 'agent-removed', channels: [STRUCK], atMs: 150_000 }],
  'agents ahead': [AHEAD],
  'agents behind': [BEHIND],
  'server ahead': [{ ...AHEAD, end: 'server' }],
  'server behind': [{ ...BEHIND, end: 'server' }],
  'both apart by 30 s': [
    { name: 'clock-skew', forMs: 15_000 },
    { name: 'clock-skew', end: 'server', forMs: -15_000 },
  ],
  'an exporter down': [{ name: 'exporter-down', channels: [STRUCK], ...DOWN }],
  'the exporter of the server down': [{ name: 'exporter-down', end: 'server', ...DOWN }],
  'spans lost': [{ name: 'spans-lost' }],
  'spans lost, agents ahead': [{ name: 'spans-lost' }, AHEAD],
  'spans lost, agents behind': [{ name: 'spans-lost' }, BEHIND],
  'spans lost, server ahead': [{ name: 'spans-lost' }, { ...AHEAD, end: 'server' }],
  'an exporter down, agents ahead': [{ name: 'exporter-down', channels: [STRUCK], ...DOWN }, AHEAD],
  'an exporter down, agents behind': [{ name: 'exporter-down', channels: [STRUCK], ...DOWN }, BEHIND],
  'the exporter of the server down, server ahead': [
    { name: 'exporter-down', end: 'server', ...DOWN },
    { ...AHEAD, end: 'server' },
  ],
  'the exporter of the server down, agents ahead': [{ name: 'exporter-down', end: 'server', ...DOWN }, AHEAD],
  'deploy, spans lost': [{ name: 'deploy', atMs: 200_000 }, { name: 'spans-lost' }],
  'deploy, agents behind': [{ name: 'deploy', atMs: 200_000 }, BEHIND],
};

/** Every benign case as each set of observers tells of it, with seeds of its own. */
export function benignCells(seeds: SeedSet, quick: boolean): Cell[] {
  return Object.entries(BENIGN_CASES).flatMap(([name, benign]) =>
    observersNames().flatMap((observers) =>
      Array.from({ length: quick ? 1 : 3 }, (_, round) => benignCell(name, benign, observers, round, seeds)),
    ),
  );
}

function benignCell(
  name: string,
  benign: Benign,
  observers: ObserversName,
  round: number,
  seeds: SeedSet,
): Cell {
  const label = `${name} / ${observers} / ${round + 1}`;
  const random = new Random(`${seeds}/benign/${label}`);
  // The first rounds talk as usual, the last one seldom.
  const commandIntervalMs = round === 2 ? 90_000 : USUAL_COMMAND_INTERVAL_MS;
  const scenario = { ...fleet(random, observers), commandIntervalMs, benign };
  return { id: idOf(`benign/${label}`), label, observers, noise: 'none', scenario, bounds_s: new Map() };
}

const idOf = (label: string): string => label.replace(/[^a-z0-9]+/gi, '-');
