import { durationS, suggestion } from '@halfopen/checked-yaml';
import {
  BENIGN,
  FAULTS,
  type BenignName,
  type Disturbance,
  type DisturbanceOptions,
  type FaultName,
  type Plan,
} from '@halfopen/lab';
import { DIRECTIONS, FRAME_KINDS } from '@halfopen/telemetry';

/** What is wrong with a line of a timeline, for whoever wrote it. */
export class TimelineError extends Error {
  override readonly name = 'TimelineError';
}

/** Something that happens to the channels of a test. */
export type Event =
  | { readonly kind: 'fault'; readonly plan: Plan<FaultName> }
  | { readonly kind: 'benign'; readonly plan: Plan<BenignName> };

export interface Member {
  readonly id: string;
  readonly site: string;
}

const LINE = /^(\S+?)\.\.(\S*)\s+(\S+)\s+(\S+)(.*)$/;

/** Shorter names for what rule tests are mostly about. */
const SHORT: Readonly<Record<string, FaultName | BenignName>> = {
  drops: 'frames-lost',
  delay: 'slow-path',
  'dead-reader': 'reader-dead',
  'dead-handler': 'handler-dead',
  skew: 'clock-skew',
  'no-data': 'exporter-down',
};

/**
 * `2m..4m agent-3 drops 50%`: from when until when (or for good), whom (`agent-3,agent-4`, `site=lyon`, `all`), what, and how:
 * a share, a length of time, or `key=value`.
 *
 * @throws TimelineError
 */
export function parseEvent(line: string, fleet: readonly Member[]): Event {
  const [, from = '', until = '', who = '', what = '', how = ''] = LINE.exec(line.trim()) ?? [];
  if (what === '')
    throw new TimelineError(
      `expected FROM..UNTIL WHOM WHAT, as in "2m..4m agent-3 drops 50%", got ${JSON.stringify(line)}`,
    );
  const timing = {
    atMs: momentMs(from),
    ...(until === '' ? {} : { untilMs: momentMs(until) }),
    channels: struck(who, fleet),
  };
  if (timing.untilMs !== undefined && timing.untilMs <= timing.atMs)
    throw new TimelineError(`${from}..${until} ends before it begins`);
  const name = SHORT[what] ?? what;
  if (Object.hasOwn(FAULTS, name)) {
    const fault = name as FaultName;
    return { kind: 'fault', plan: { name: fault, ...timing, ...optionsOf(how, fault, FAULTS[fault]) } };
  }
  if (Object.hasOwn(BENIGN, name)) {
    const benign = name as BenignName;
    return { kind: 'benign', plan: { name: benign, ...timing, ...optionsOf(how, benign, BENIGN[benign]) } };
  }
  const known = [...Object.keys(SHORT), ...Object.keys(FAULTS), ...Object.keys(BENIGN)];
  throw new TimelineError(`nothing is called ${what}; ${suggestion(known, what)}`);
}

function momentMs(text: string): number {
  const seconds = durationS(text);
  if (seconds === undefined)
    throw new TimelineError(`expected a time since the start, such as 2m30s, got ${text}`);
  return seconds * 1000;
}

function struck(who: string, fleet: readonly Member[]): string[] {
  if (who === 'all') return fleet.map(({ id }) => id);
  if (who.startsWith('site=')) {
    const ids = fleet.filter(({ site }) => `site=${site}` === who).map(({ id }) => id);
    if (ids.length > 0) return ids;
    const sites = [...new Set(fleet.map(({ site }) => site))];
    throw new TimelineError(`no channel is at ${who}; ${suggestion(sites, who.slice('site='.length))}`);
  }
  const known = new Set(fleet.map(({ id }) => id));
  const named = who.split(',');
  for (const id of named)
    if (!known.has(id))
      throw new TimelineError(
        `no channel is called ${id}: there are ${fleet[0]?.id ?? 'none'} to ${fleet.at(-1)?.id ?? ''}, site=..., and all`,
      );
  return named;
}

/** A bare share or length of time needs no key. */
function optionsOf(how: string, name: string, { options, variants = [] }: Disturbance): DisturbanceOptions {
  const given: Record<string, string | number | boolean> = {};
  for (const word of how.split(/\s+/).filter((part) => part !== '')) {
    const [key, value] = optionOf(word);
    if (!(options as readonly string[]).includes(key)) {
      const takes = options.map((option) => (option === 'forMs' ? 'a length of time' : option)).join(', ');
      throw new TimelineError(`${name} takes no ${word}: it takes ${takes || 'nothing'}`);
    }
    if (key === 'variant' && !variants.includes(String(value)))
      throw new TimelineError(`${name} has no variant ${value}; ${suggestion(variants, String(value))}`);
    given[key] = value;
  }
  return given;
}

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  end: ['agent', 'server'],
  direction: DIRECTIONS,
  kind: [...FRAME_KINDS, 'data', 'all'],
  honest: ['true', 'false'],
};

function optionOf(word: string): readonly [key: string, value: string | number | boolean] {
  const share = /^(\d{1,3}(?:\.\d+)?)%$/.exec(word)?.[1];
  if (share !== undefined) return ['fraction', fractionOf(Number(share) / 100, word)];
  const seconds = durationS(word);
  if (seconds !== undefined) return ['forMs', seconds * 1000];
  const [, key = '', value = ''] = /^([a-z]+)=(\S+)$/.exec(word) ?? [];
  if (key === '')
    throw new TimelineError(`expected a share (50%), a length of time (30s) or key=value, got ${word}`);
  const choices = CHOICES[key];
  if (choices !== undefined && !choices.includes(value))
    throw new TimelineError(`${key} is ${choices.join(' or ')}, not ${value}`);
  if (key === 'honest') return [key, value === 'true'];
  if (key === 'status') return [key, statusOf(value)];
  if (key === 'fraction') return [key, fractionOf(Number(value), word)];
  return [key, value];
}

function fractionOf(fraction: number, word: string): number {
  if (fraction > 0 && fraction <= 1) return fraction;
  throw new TimelineError(`expected a share above 0% and up to 100%, got ${word}`);
}

function statusOf(text: string): number {
  const status = Number(text);
  if (Number.isInteger(status) && status >= 100 && status <= 599) return status;
  throw new TimelineError(`expected an HTTP status, such as status=502, got ${text}`);
}
