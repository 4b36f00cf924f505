import type { Stage } from '@halfopen/telemetry';

import { type ExportTraceServiceRequest, type Scenario, simulate, type Span } from '../../src/index.js';

export type Value = string | number | boolean;

/** A span as the tests look at it: times in seconds since the scenario's start, attributes as plain values. */
export interface ObservedSpan {
  readonly service: string;
  readonly instance: string;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly raw: Span;
}

export interface Query {
  readonly channel?: string;
  readonly end?: string;
  readonly kind?: string;
  readonly outcome?: string;
  /** Seconds: only spans that ended then or later. */
  readonly since?: number;
}

/** Everything that a scenario's processes have sent. */
export class Observed {
  readonly spans: readonly ObservedSpan[];

  constructor(requests: Iterable<ExportTraceServiceRequest>, startMs: number) {
    this.spans = [...requests].flatMap((request) => flatten(request, startMs));
  }

  named(name: string, query: Query = {}): ObservedSpan[] {
    return this.spans.filter((span) => span.name === name && matches(span, query));
  }

  frames(stage: Stage, query: Query = {}): ObservedSpan[] {
    return this.named(`frame.${stage}`, query);
  }

  /** The states of one end, in the order of their times. */
  states(end: string, query: Query = {}): ObservedSpan[] {
    return this.named('channel.state', { ...query, end }).sort((a, b) => a.end - b.end);
  }

  /** An attribute of the last state of one end that has it. */
  last(attribute: string, end: string, query: Query = {}): Value | undefined {
    return this.states(end, query).findLast((state) => attribute in state.attributes)?.attributes[attribute];
  }
}

export function observe(scenario: Partial<Scenario>): Observed {
  const simulation = simulate(scenario);
  const requests = [...simulation.exports()].map(({ request }) => request);
  return new Observed(requests, simulation.scenario.startMs);
}

function matches({ attributes, end }: ObservedSpan, query: Query): boolean {
  return (
    (query.channel === undefined || attributes['channel.id'] === query.channel) &&
    (query.end === undefined || attributes['channel.end'] === query.end) &&
    (query.kind === undefined || attributes['frame.kind'] === query.kind) &&
    (query.outcome === undefined || attributes['frame.outcome'] === query.outcome) &&
    (query.since === undefined || end >= query.since)
  );
}

function flatten(request: ExportTraceServiceRequest, startMs: number): ObservedSpan[] {
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const of = plain(resource.attributes);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((raw) => ({
        service: String(of['service.name']),
        instance: String(of['service.instance.id']),
        name: raw.name,
        start: seconds(raw.startTimeUnixNano, startMs),
        end: seconds(raw.endTimeUnixNano, startMs),
        attributes: plain(raw.attributes),
        raw,
      })),
    );
  });
}

function seconds(unixNano: string, startMs: number): number {
  return Number(BigInt(unixNano) - BigInt(startMs) * 1_000_000n) / 1e9;
}

function plain(pairs: Span['attributes']): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const { key, value } of pairs) {
    const { stringValue, intValue, doubleValue, boolValue } = value;
    values[key] =
      stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue ?? '') : Number(intValue));
  }
  return values;
}
