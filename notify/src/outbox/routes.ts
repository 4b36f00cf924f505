import type { Severity } from '@halfopen/telemetry';
import { clickhouseTime, type Store } from '@halfopen/store';
import { insertOnce } from './insert.js';

/** An incident that has fired and for which nobody has been chosen. */
export interface Unrouted {
  readonly incidentId: string;
  readonly rule: string;
  readonly severity: Severity;
  readonly channels: readonly string[];
  /** Evaluation instant, event time, ms since the epoch. */
  readonly fired_ms: number;
  /** When that was recorded, seconds since the epoch by the engine's clock. */
  readonly recorded_s: number;
}

/** Oldest first. */
export function readUnrouted(store: Store, since_s: number, limit: number): Promise<Unrouted[]> {
  return store.query<Unrouted>(
    `SELECT incident_id AS incidentId, any(t.rule) AS rule, any(t.severity) AS severity, any(t.channels) AS channels,
       toUnixTimestamp64Milli(min(t.at)) AS fired_ms, toUnixTimestamp(min(t.inserted_at)) AS recorded_s
     FROM incident_transitions AS t
     WHERE reason = 'fired' AND t.inserted_at >= toDateTime({since:UInt32})
       AND incident_id NOT IN (SELECT incident_id FROM notification_routes)
     GROUP BY incident_id ORDER BY recorded_s, fired_ms, incident_id LIMIT {limit:UInt32}`,
    { params: { since: since_s, limit } },
  );
}

/** Past these, an incident's sites are those of its first channels. */
const CHANNELS_ASKED_MAX = 1000;

/** Telemetry of a channel that is older says nothing of where it is now; inventories are swept every few minutes. */
const LOOKBACK_S = 3600;

/** `channel.site` of the channels, as anybody told it last before the incident fired; sorted, without repetition. */
export async function readSites(store: Store, unrouted: Unrouted): Promise<string[]> {
  const tables = ['channel_states', 'connection_events', 'expected_channels'];
  const seen = tables.map(
    (table) => `SELECT channel_id, site, seen_at FROM ${table}
       WHERE site != '' AND seen_at <= {at:DateTime64(3)} AND seen_at > {at:DateTime64(3)} - INTERVAL ${LOOKBACK_S} SECOND
         AND toStartOfFiveMinutes(seen_at) >= toStartOfFiveMinutes({at:DateTime64(3)} - INTERVAL ${LOOKBACK_S} SECOND)
         AND has({channels:Array(String)}, channel_id)`,
  );
  const rows = await store.query<{ site: string }>(
    `SELECT DISTINCT last_site AS site FROM
     (SELECT channel_id, argMax(site, seen_at) AS last_site FROM (${seen.join(' UNION ALL ')}) GROUP BY channel_id)
     ORDER BY site`,
    {
      params: {
        at: clickhouseTime(unrouted.fired_ms),
        channels: unrouted.channels.slice(0, CHANNELS_ASKED_MAX),
      },
    },
  );
  return rows.map(({ site }) => site);
}

/** Decided for the whole life of the incident. */
export async function recordRoute(
  store: Store,
  { incidentId, fired_ms, recorded_s }: Unrouted,
  receivers: readonly string[],
  sites: readonly string[],
): Promise<void> {
  await insertOnce(
    store,
    'notification_routes (incident_id, receivers, sites, fired_at, recorded_at)',
    `SELECT {id:String}, {receivers:Array(String)}, {sites:Array(String)}, {fired:DateTime64(3)}, toDateTime({recorded:UInt32})`,
    {
      id: incidentId,
      receivers: [...receivers],
      sites: [...sites],
      fired: clickhouseTime(fired_ms),
      recorded: recorded_s,
    },
    `route ${incidentId}`,
  );
}
