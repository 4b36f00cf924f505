import { channelDashboardUrl, incidentDashboardUrl, traceUrl } from '@halfopen/grafana';
import { findDeadFrame, type DeadFrame } from '@halfopen/rules';
import type { Store } from '@halfopen/store';
import type { Incident, Link } from '@halfopen/telemetry';
import type { Config } from '../config/load.js';

/** Where an incident leads people: the console's pages come with it, the rest depends on what is configured. */
export interface IncidentLinks {
  readonly of: (incident: Incident) => Incident;
  /** And the trace of a frame that died, if there is one. */
  readonly withTrace: (incident: Incident) => Promise<Incident>;
}

/** An incident goes on finding frames for as long as it fires; those about its onset show how it began. */
const LOOKED_AT_MS_MAX = 1_800_000;

export function incidentLinks({ grafana, notifications }: Config, store: Store): IncidentLinks {
  const of = (incident: Incident): Incident => ({
    ...incident,
    runbook_url: runbook(incident.runbook_url, notifications.links.runbooksUrl),
    links: [...incident.links, ...dashboards(incident, grafana?.url)],
  });
  return {
    of,
    withTrace: async (incident) => {
      const { links, ...rest } = of(incident);
      const frame = await deadFrame(store, incident);
      return { ...rest, links: frame === undefined ? links : [...links, traceLink(frame, grafana?.url)] };
    },
  };
}

/** A path of this repository's, unless it is known where people find those. */
function runbook(path: string, runbooksUrl: string | undefined): string {
  if (runbooksUrl === undefined || /^https?:/i.test(path)) return path;
  return new URL(path, runbooksUrl.endsWith('/') ? runbooksUrl : `${runbooksUrl}/`).href;
}

async function deadFrame(store: Store, incident: Incident): Promise<DeadFrame | undefined> {
  const [channel] = incident.channels;
  const [began, fired] = [Date.parse(incident.started_at), Date.parse(incident.fired_at)];
  if (channel === undefined || incident.rule === 'telemetry-gap') return undefined;
  return findDeadFrame(store, channel, began, Math.min(fired, began + LOOKED_AT_MS_MAX));
}

/** What the dashboards show about an incident: some time before its onset, and behind its firing. */
const SHOWN_AROUND_MS = 300_000;

function dashboards(incident: Incident, grafana: string | undefined): Link[] {
  if (grafana === undefined) return [];
  const [channel] = incident.channels;
  const range = [
    Date.parse(incident.started_at) - SHOWN_AROUND_MS,
    Date.parse(incident.fired_at) + SHOWN_AROUND_MS,
  ] as const;
  return [
    { text: 'Incident in Grafana', href: incidentDashboardUrl(grafana, incident.id, ...range) },
    ...(channel === undefined
      ? []
      : [{ text: `${channel} in Grafana`, href: channelDashboardUrl(grafana, channel, ...range) }]),
  ];
}

/** Without Grafana the spans themselves, on the console's page for SQL. */
function traceLink({ frame_id: id, trace_id: trace }: DeadFrame, grafana: string | undefined): Link {
  const text = `Trace of frame ${id}`;
  if (grafana !== undefined) return { text, href: traceUrl(grafana, trace) };
  const sql = `SELECT Timestamp, SpanName, Duration / 1e6 AS ms, SpanAttributes FROM otel_traces WHERE TraceId = '${trace.replaceAll(/[^0-9a-f]/g, '')}' ORDER BY Timestamp`;
  return { text, href: `/sql?${new URLSearchParams({ q: sql }).toString()}` };
}
