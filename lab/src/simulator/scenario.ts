import {
  BENIGN,
  type BenignName,
  type Disturbance,
  type DisturbanceOptions,
  FAULTS,
  type FaultName,
} from './faults/index.js';
import { DEFAULT_SETTINGS, type FleetSettings } from './settings.js';

/** One disturbance of a scenario; what is left out has the disturbance's own default. */
export interface Plan<Name extends string> extends DisturbanceOptions {
  readonly name: Name;
  /** After the scenario's start. */
  readonly atMs?: number;
  /** After the scenario's start; absent: it lasts. */
  readonly untilMs?: number;
  /** `channel.id`s. @default agent-3 (or the last), its site, or all, as the disturbance strikes */
  readonly channels?: readonly string[];
}

export interface Scenario extends FleetSettings {
  readonly faults: readonly Plan<FaultName>[];
  readonly benign: readonly Plan<BenignName>[];
}

/** The scenario cannot be simulated; the message names the key and says what would be right. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  readonly code = 'invalid-scenario';
}

/** Bounds on one simulation, so that a slip of the finger does not fill a disk. */
export const CHANNELS_MAX = 100_000;
export const DURATION_MS_MAX = 7 * 24 * 3_600_000;

const POSITIVE = [
  'durationMs',
  'channels',
  'commandIntervalMs',
  'heartbeatIntervalMs',
  'heartbeatTimeoutMs',
  'pingIntervalMs',
  'stateIntervalMs',
] as const;

/**
 * Fills in what is left out and checks the rest.
 * @throws {ScenarioError}
 */
export function defineScenario(given: Partial<Scenario>): Scenario {
  const scenario: Scenario = Object.freeze({ ...DEFAULT_SETTINGS, faults: [], benign: [], ...given });
  for (const key of POSITIVE) {
    if (!(Number.isInteger(scenario[key]) && scenario[key] > 0)) {
      throw new ScenarioError(`${key}: expected a positive integer, got ${scenario[key]}`);
    }
  }
  atMost('channels', scenario.channels, CHANNELS_MAX);
  atMost('durationMs', scenario.durationMs, DURATION_MS_MAX);
  if (!Number.isInteger(scenario.seed))
    throw new ScenarioError(`seed: expected an integer, got ${scenario.seed}`);
  if (scenario.sites.length === 0) throw new ScenarioError('sites: expected at least one {site, gateway}');
  for (const plan of scenario.faults) checkPlan(plan, FAULTS, scenario);
  for (const plan of scenario.benign) checkPlan(plan, BENIGN, scenario);
  return scenario;
}

function atMost(key: string, value: number, max: number): void {
  if (value > max) throw new ScenarioError(`${key}: expected at most ${max}, got ${value}`);
}

const TIMING = new Set(['name', 'atMs', 'untilMs', 'channels']);

function checkPlan<Name extends string>(
  plan: Plan<Name>,
  catalogue: Readonly<Record<Name, Disturbance>>,
  scenario: Scenario,
): void {
  const { name } = plan;
  if (!Object.hasOwn(catalogue, name)) {
    throw new ScenarioError(`${name}: unknown; expected one of ${Object.keys(catalogue).join(', ')}`);
  }
  const { options, variants = [] } = catalogue[name];
  const taken: readonly string[] = options;
  for (const [key, value] of Object.entries(plan)) {
    if (value !== undefined && !TIMING.has(key) && !taken.includes(key)) {
      throw new ScenarioError(
        `${name}.${key}: not an option of it; it takes ${options.join(', ') || 'none'}`,
      );
    }
  }
  if (plan.variant !== undefined && !variants.includes(plan.variant)) {
    throw new ScenarioError(`${name}.variant: expected one of ${variants.join(', ')}, got ${plan.variant}`);
  }
  for (const id of plan.channels ?? []) {
    const index = Number(/^agent-(\d+)$/.exec(id)?.[1] ?? NaN);
    if (!(index < scenario.channels)) {
      throw new ScenarioError(
        `${name}.channels: expected agent-0 to agent-${scenario.channels - 1}, got ${id}`,
      );
    }
  }
}
