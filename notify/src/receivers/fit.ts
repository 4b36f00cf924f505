import type { Incident } from '@halfopen/telemetry';

/** How much of an incident is told. */
interface Bounds {
  readonly sql: boolean;
  readonly channels: number;
  readonly hypotheses: number;
  readonly facts: number;
  readonly unknowns: number;
  /** Ids of facts and unknowns that a hypothesis names; causes that the next step tells apart, and its outcomes. */
  readonly references: number;
  readonly links: number;
  readonly text_chars: number;
}

const WHOLE: Bounds = {
  sql: true,
  channels: Infinity,
  hypotheses: Infinity,
  facts: Infinity,
  unknowns: Infinity,
  references: Infinity,
  links: Infinity,
  text_chars: Infinity,
};

/**
 * What is left out first: queries (the API has them), then channels past a hundred, then what ranks low. The last level
 * is small whatever the incident: some 100 texts of at most 200 UTF-16 units, each at most 6 bytes in JSON.
 */
const LEVELS: readonly Bounds[] = [
  WHOLE,
  { ...WHOLE, sql: false },
  { ...WHOLE, sql: false, channels: 100 },
  {
    sql: false,
    channels: 100,
    hypotheses: 10,
    facts: 50,
    unknowns: 20,
    references: 20,
    links: 10,
    text_chars: 1000,
  },
  {
    sql: false,
    channels: 20,
    hypotheses: 5,
    facts: 10,
    unknowns: 5,
    references: 10,
    links: 5,
    text_chars: 400,
  },
  {
    sql: false,
    channels: 5,
    hypotheses: 3,
    facts: 3,
    unknowns: 0,
    references: 3,
    links: 2,
    text_chars: 200,
  },
];

export interface Fitted {
  readonly incident: Incident;
  /** Something has been left out. */
  readonly trimmed: boolean;
}

/**
 * The fullest text of an incident within so many UTF-8 bytes: the least important parts go first, never all.
 *
 * @param write makes the text of an incident that may have been trimmed; must add no more than a few kB to the last level
 */
export function fit(incident: Incident, bytes_max: number, write: (fitted: Fitted) => string): string {
  let text = '';
  for (const bounds of LEVELS) {
    text = write({ incident: within(incident, bounds), trimmed: bounds !== WHOLE });
    if (Buffer.byteLength(text) <= bytes_max) return text;
  }
  return text;
}

/** The same incident, smaller. What identifies it stays as it is. */
function within(incident: Incident, bounds: Bounds): Incident {
  if (bounds === WHOLE) return incident;
  const { references, text_chars } = bounds;
  const { next_step } = incident;
  const smaller: Incident = {
    ...incident,
    channels: incident.channels.slice(0, bounds.channels),
    facts: incident.facts
      .slice(0, bounds.facts)
      .map((fact) => ({ ...fact, sql: bounds.sql ? fact.sql : '' })),
    unknowns: incident.unknowns.slice(0, bounds.unknowns),
    hypotheses: incident.hypotheses.slice(0, bounds.hypotheses).map((hypothesis) => ({
      ...hypothesis,
      for: hypothesis.for.slice(0, references),
      against: hypothesis.against.slice(0, references),
      missing: hypothesis.missing.slice(0, references),
    })),
    next_step: {
      ...next_step,
      discriminates: next_step.discriminates.slice(0, references),
      outcomes: next_step.outcomes
        .slice(0, references)
        .map((outcome) => ({ ...outcome, then: outcome.then.slice(0, references) })),
    },
    links: incident.links.slice(0, bounds.links),
  };
  return { ...cutTexts(smaller, text_chars), id: incident.id, dedup_key: incident.dedup_key };
}

/** Every text in it, at any depth. */
function cutTexts<T>(value: T, chars_max: number): T {
  if (typeof value === 'string') return cut(value, chars_max) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => cutTexts(item, chars_max)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, cutTexts(inner as unknown, chars_max)]),
  ) as T;
}

const ELLIPSIS = '…';

/** At most so many UTF-16 units, cut between code points, with an ellipsis where something was cut. */
export function cut(text: string, chars_max: number): string {
  if (text.length <= chars_max) return text;
  const end = chars_max - ELLIPSIS.length;
  const splitsPair = /[\uD800-\uDBFF]/.test(text.charAt(end - 1)) && /[\uDC00-\uDFFF]/.test(text.charAt(end));
  return text.slice(0, splitsPair ? end - 1 : end) + ELLIPSIS;
}

/** JSON that every parser takes: no lone surrogates. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' ? Buffer.from(inner, 'utf8').toString('utf8') : inner,
  );
}
