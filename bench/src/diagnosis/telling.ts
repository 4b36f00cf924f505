import { simulate, type ExportTraceServiceRequest, type Simulation, type Truth } from '@halfopen/lab';
import { batchId, traceRequestFromJson } from '@halfopen/otlp';
import type { StreamProducer } from '@halfopen/stream';
import type { Cell } from './matrix.js';

/** A simulated fleet in a store that others share. */
export interface Told {
  readonly cell: Cell;
  readonly truth: readonly Truth[];
  /** Its channels, as the store knows them. */
  readonly channels: readonly string[];
}

/** Requests that go into one message: a message for each would cost more than what is in it. */
const REQUESTS_EACH = 400;
const UNDER_WAY_MAX = 16;

/** Stores what the cell's fleet tells, under names of its own. */
export async function tell(cell: Cell, producer: StreamProducer): Promise<Told> {
  const simulation = simulate(cell.scenario);
  const underWay = new Set<Promise<void>>();
  const publish = async (requests: readonly ExportTraceServiceRequest[]): Promise<void> => {
    const resourceSpans = requests.flatMap((request) => renamed(request, cell.id).resourceSpans);
    const { bytes } = traceRequestFromJson(JSON.stringify({ resourceSpans }));
    if (underWay.size >= UNDER_WAY_MAX) await Promise.race(underWay);
    const published: Promise<void> = producer
      .publish(batchId(bytes), bytes)
      .finally(() => underWay.delete(published));
    underWay.add(published);
  };
  let requests: ExportTraceServiceRequest[] = [];
  for (const { request } of simulation.exports()) {
    requests.push(request);
    if (requests.length < REQUESTS_EACH) continue;
    await publish(requests);
    requests = [];
  }
  if (requests.length > 0) await publish(requests);
  await Promise.all(underWay);
  return toldOf(cell, simulation);
}

export function toldOf(cell: Cell, { scenario, truth }: Simulation): Told {
  const name = (channel: string): string => `${cell.id}/${channel}`;
  return {
    cell,
    truth: truth.map((what) => ({ ...what, channel: name(what.channel) })),
    channels: Array.from({ length: scenario.channels }, (_, index) => name(`agent-${index}`)),
  };
}

/** What would make two fleets one: they must share no channel, site, server, or address. */
const NAMES = new Set([
  'channel.id',
  'channel.connection.id',
  'channel.agent.id',
  'channel.site',
  'channel.gateway',
  'service.name',
  'service.instance.id',
]);

function renamed(request: ExportTraceServiceRequest, fleet: string): ExportTraceServiceRequest {
  type Attributes = ExportTraceServiceRequest['resourceSpans'][number]['resource']['attributes'];
  const rename = (attributes: Attributes): Attributes =>
    attributes.map(({ key, value }) => {
      const text = value.stringValue;
      if (text === undefined) return { key, value };
      if (NAMES.has(key)) return { key, value: { stringValue: `${fleet}/${text}` } };
      // An address that cannot be is left as it is.
      return key === 'server.address' && /^[a-z.]+$/.test(text)
        ? { key, value: { stringValue: `${fleet}.${text}` } }
        : { key, value };
    });
  return {
    resourceSpans: request.resourceSpans.map(({ resource, scopeSpans }) => ({
      resource: { attributes: rename(resource.attributes) },
      scopeSpans: scopeSpans.map(({ scope, spans }) => ({
        scope,
        spans: spans.map((span) => ({ ...span, attributes: rename(span.attributes) })),
      })),
    })),
  };
}
