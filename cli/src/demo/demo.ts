import { setTimeout as sleep } from 'node:timers/promises';
import { LIVE_FAULTS, LiveFleet, type LiveFaultName } from '@halfopen/lab';
import type { Config } from '../config/load.js';
import { Failure } from '../failure.js';
import { runCase, type Narrator, type Outcome } from './case.js';
import type { RunningUp } from './running-up.js';

export interface DemoOptions {
  /** Each breaks an agent of its own. */
  readonly faults: readonly LiveFaultName[];
  readonly agents: number;
  /** Leave the fleet running until the signal aborts. */
  readonly keep: boolean;
}

/** Telling of the whole, around the cases'. */
export interface DemoNarrator extends Narrator {
  starting(agents: number): void;
  healthy(agents: number): void;
  outcomes(outcomes: readonly Outcome[]): void;
  kept(): void;
}

/** What each agent has acknowledged before anything is broken: rules hold a channel against what it did before. */
const ACKNOWLEDGED_EACH = 6;
const HEALTHY_S_MAX = 60;

/**
 * A real fleet over real sockets, broken and mended; everything is asked of the running `up` as anybody could.
 *
 * @param signal ends it early
 * @returns an outcome per fault, and one wrong entry per incident on a channel that nobody broke
 */
export async function runDemo(
  { faults, agents, keep }: DemoOptions,
  { service, later_s }: RunningUp,
  config: Config,
  narrator: DemoNarrator,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  if (faults.length >= agents)
    throw new Failure(
      `${faults.length} faults need more than ${agents} agents: each breaks one of its own`,
      2,
    );
  narrator.starting(agents);
  const token = config.token?.reveal();
  const fleet = await LiveFleet.start({
    agents,
    // Runs on one data directory must not meet.
    prefix: `demo-${Date.now().toString(36).slice(-5)}-`,
    collectorUrl: service.collectorUrl,
    ...(token === undefined ? {} : { token }),
  });
  try {
    await works(fleet, agents, signal);
    narrator.healthy(agents);
    const stage = { fleet, service, later_s, narrator, signal };
    const broken = faults.map((fault, index) => ({ fault, channel: fleet.channels[index + 1] ?? '' }));
    const outcomes = await Promise.all(broken.map(({ fault, channel }) => runCase(fault, channel, stage)));
    const judged = [...outcomes, ...(await falseAlarms(fleet, service, broken))];
    narrator.outcomes(judged);
    if (keep) {
      narrator.kept();
      await aborted(signal);
    }
    return judged;
  } finally {
    await fleet.stop();
  }
}

async function works(fleet: LiveFleet, agents: number, signal: AbortSignal): Promise<void> {
  const until_ms = performance.now() + HEALTHY_S_MAX * 1000;
  while (fleet.acknowledged < agents * ACKNOWLEDGED_EACH) {
    if (performance.now() > until_ms)
      throw new Failure(`the fleet acknowledged ${fleet.acknowledged} commands in ${HEALTHY_S_MAX} s`);
    await sleep(200, undefined, { signal });
  }
}

/** What fired, or fires, on channels of the fleet that nobody broke; what only informs is none. */
async function falseAlarms(
  fleet: LiveFleet,
  service: RunningUp['service'],
  broken: readonly { readonly fault: LiveFaultName; readonly channel: string }[],
): Promise<Outcome[]> {
  const healthy = new Set(fleet.channels.filter((name) => !broken.some(({ channel }) => channel === name)));
  const all = await service.incidents('all');
  return all
    .filter(({ severity, channels }) => severity !== 'info' && channels.some((name) => healthy.has(name)))
    .map(({ rule, channels }) => ({
      channel: channels.find((name) => healthy.has(name)) ?? '',
      rule,
      wrong: ['nobody broke this channel'],
    }));
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}

export const FAULT_LIST = Object.entries(LIVE_FAULTS)
  .map(([name, { meaning }]) => `  ${name.padEnd(22)} ${meaning}`)
  .join('\n');
