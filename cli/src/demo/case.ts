import { setTimeout as sleep } from 'node:timers/promises';
import { LIVE_FAULTS, type LiveFault, type LiveFaultName, type LiveFleet } from '@halfopen/lab';
import type { CauseName, Incident } from '@halfopen/telemetry';
import type { RemoteService } from '../service/remote.js';

/** How long after the rule's own bound an incident may come: ingestion, evaluation, and this page's own asking. */
const SLACK_S = 10;

/** After the mend. */
const RESOLVE_S_MAX = 60;

const ASK_MS = 500;

/** What became of one fault: seconds since it was made, and since it was mended. */
export interface Outcome {
  /** Absent for an incident on a channel that nobody broke. */
  readonly fault?: LiveFaultName;
  readonly channel: string;
  readonly rule?: string;
  readonly cause?: CauseName;
  readonly probability?: number;
  readonly fired_s?: number;
  readonly resolved_s?: number;
  /** What is not as it should be; empty when all is. */
  readonly wrong: readonly string[];
}

/** What a case tells of itself as it goes on. */
export interface Narrator {
  broken(fault: LiveFaultName, channel: string): void;
  waiting(fault: LiveFaultName, forWhat: 'incident' | 'end', seconds: number): void;
  fired(fault: LiveFaultName, incident: Incident, seconds: number): void;
  mended(fault: LiveFaultName, channel: string): void;
  resolved(fault: LiveFaultName, channel: string, seconds: number): void;
}

/** Breaks one channel, waits for its incident, mends it, and waits until nothing fires on it any more. */
export async function runCase(
  fault: LiveFaultName,
  channel: string,
  { fleet, service, later_s, narrator, signal }: Stage,
): Promise<Outcome> {
  const expected: LiveFault = LIVE_FAULTS[fault];
  const bound_s = expected.bound_s + SLACK_S + later_s;
  narrator.broken(fault, channel);
  await fleet.set(fault, channel, true);
  const began_ms = performance.now();
  const incident = await polled(bound_s, signal, async (seconds) => {
    narrator.waiting(fault, 'incident', seconds);
    const firing = await service.incidents('firing');
    return firing.find(({ rule, channels }) => fires(expected, rule) && channels.includes(channel));
  });
  const fired_s = secondsSince(began_ms);
  if (incident === undefined) {
    await fleet.set(fault, channel, false);
    return { fault, channel, wrong: [`no ${expected.rules.join(' or ')} within ${bound_s} s`] };
  }
  narrator.fired(fault, incident, fired_s);
  const [likeliest] = incident.hypotheses;
  const told = {
    fault,
    channel,
    rule: incident.rule,
    fired_s,
    ...(likeliest === undefined ? {} : { cause: likeliest.cause, probability: likeliest.probability }),
  };
  const wrong = likeliest?.cause === expected.cause ? [] : [`the first cause should be ${expected.cause}`];

  narrator.mended(fault, channel);
  await fleet.set(fault, channel, false);
  const mended_ms = performance.now();
  const over = await polled(RESOLVE_S_MAX + later_s, signal, async (seconds) => {
    narrator.waiting(fault, 'end', seconds);
    const firing = await service.incidents('firing');
    return firing.some(({ channels }) => channels.includes(channel)) ? undefined : true;
  });
  if (over === undefined)
    return { ...told, wrong: [...wrong, `it still fires ${RESOLVE_S_MAX + later_s} s after the mend`] };
  const resolved_s = secondsSince(mended_ms);
  narrator.resolved(fault, channel, resolved_s);
  return { ...told, resolved_s, wrong };
}

export interface Stage {
  readonly fleet: LiveFleet;
  readonly service: RemoteService;
  readonly later_s: number;
  readonly narrator: Narrator;
  readonly signal: AbortSignal;
}

function fires({ rules }: LiveFault, rule: string): boolean {
  return rules.some((name) => name === rule);
}

/** Asks until there is an answer; undefined when there is none in time. */
async function polled<T>(
  within_s: number,
  signal: AbortSignal,
  ask: (seconds: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  const began_ms = performance.now();
  for (;;) {
    const seconds = secondsSince(began_ms);
    const answer = await ask(seconds);
    if (answer !== undefined) return answer;
    if (seconds >= within_s) return undefined;
    await sleep(ASK_MS, undefined, { signal });
  }
}

function secondsSince(began_ms: number): number {
  return Math.round((performance.now() - began_ms) / 100) / 10;
}
