import type { CauseName } from '@halfopen/telemetry';

import type { Channel } from './channel.js';
import { BENIGN, type Disturbance, FAULTS, type FaultName } from './faults/index.js';
import { Fleet } from './fleet.js';
import type { ExportTraceServiceRequest } from './otlp-json.js';
import { defineScenario, type Plan, type Scenario } from './scenario.js';
import { type FleetSettings, roster } from './settings.js';

/** What really happened to a channel. Benign disturbances are no part of it: nothing is wrong with their channels. */
export interface Truth {
  readonly channel: string;
  readonly fault: FaultName;
  /** What a right diagnosis names. */
  readonly cause: CauseName;
  /** Unix time of the onset. */
  readonly onsetMs: number;
  /** Unix time at which it was mended; undefined: it lasts. */
  readonly endMs: number | undefined;
}

export interface Export {
  /** Unix time, by a true clock, at which the request is sent. */
  readonly atMs: number;
  readonly request: ExportTraceServiceRequest;
}

export interface Simulation {
  readonly scenario: Scenario;
  readonly truth: readonly Truth[];
  /** The requests in the order in which they are sent; each call simulates anew, with the same outcome. */
  exports(): Generator<Export, void, undefined>;
}

/**
 * The telemetry that a fleet of channels sends while the scenario's faults happen to it.
 * @throws {ScenarioError}
 */
export function simulate(given: Partial<Scenario> = {}): Simulation {
  const scenario = defineScenario(given);
  return {
    scenario,
    truth: scenario.faults.flatMap((plan) => truthOf(plan, scenario)),
    exports: () => run(scenario),
  };
}

function* run(scenario: Scenario): Generator<Export, void, undefined> {
  let sent: ExportTraceServiceRequest[] = [];
  const fleet = new Fleet(scenario, (request) => sent.push(request));
  // Before the start, so that what is broken from the start is broken before anything happens.
  for (const plan of scenario.faults) schedule(plan, FAULTS[plan.name], fleet);
  for (const plan of scenario.benign) schedule(plan, BENIGN[plan.name], fleet);
  fleet.start();
  const take = (): Export[] => {
    const atMs = scenario.startMs + fleet.scheduler.nowUs / 1000;
    const taken = sent.map((request) => ({ atMs, request }));
    sent = [];
    return taken;
  };
  while (fleet.scheduler.step(scenario.durationMs * 1000)) if (sent.length > 0) yield* take();
  fleet.flush();
  yield* take();
}

function schedule(plan: Plan<string>, disturbance: Disturbance, fleet: Fleet): void {
  const ids = struckIds(plan, disturbance, fleet.settings);
  const struck = fleet.channels.filter(({ id }) => ids.has(id));
  const { atMs = disturbance.atMs, untilMs = disturbance.untilMs } = plan;
  fleet.scheduler.at(atMs * 1000, () => {
    const undo = reporting(struck, () => disturbance.inject(struck, plan, fleet));
    if (untilMs === undefined) return;
    fleet.scheduler.at(untilMs * 1000, () => {
      reporting(struck, undo);
      for (const channel of struck) channel.resume();
    });
  });
}

/** Does it, and has the ends whose claims it changed report their states: `channel.state` comes at each change. */
function reporting<T>(channels: readonly Channel[], act: () => T): T {
  const before = channels.map((channel) => [channel, channel.claims()] as const);
  const result = act();
  for (const [channel, claims] of before) channel.reportChanges(claims);
  return result;
}

/** Which channel of the fleet is struck where nobody says. */
const STRUCK_INDEX = 3;

function struckIds(
  plan: Plan<string>,
  { strikes }: Disturbance,
  scenario: FleetSettings,
): ReadonlySet<string> {
  if (plan.channels !== undefined) return new Set(plan.channels);
  const members = roster(scenario);
  const one = members[Math.min(STRUCK_INDEX, members.length - 1)];
  const struck = members.filter(({ id, site }) => {
    switch (strikes) {
      case 'fleet':
        return true;
      case 'channel':
        return id === one?.id;
      case 'site':
        return site === one?.site;
    }
  });
  return new Set(struck.map(({ id }) => id));
}

function truthOf(plan: Plan<FaultName>, scenario: Scenario): Truth[] {
  const disturbance = FAULTS[plan.name];
  const { cause } = disturbance;
  if (cause === undefined) return [];
  const { atMs = disturbance.atMs, untilMs = disturbance.untilMs } = plan;
  return [...struckIds(plan, disturbance, scenario)].map((channel) => ({
    channel,
    fault: plan.name,
    cause,
    onsetMs: scenario.startMs + atMs,
    endMs: untilMs === undefined ? undefined : scenario.startMs + untilMs,
  }));
}
