import type { Store } from './store.js';

/** Days that rows are kept, counted from their insertion. */
export interface RetentionDays {
  /** Every span, frames and what rules read. */
  readonly telemetry: number;
  /** Transitions of incidents, their notifications, and what people did about them. */
  readonly incidents: number;
}

const TELEMETRY_TABLES = [
  'otel_traces',
  'otel_traces_trace_id_ts',
  'frames',
  'frame_activity',
  'frame_executions',
  'pending_stages',
  'heartbeat_stages',
  'channel_states',
  'channel_counts',
  'channel_progress',
  'connection_events',
  'expected_channels',
  'listener_states',
  'ingest_ledger',
  'dead_letters',
  'dead_letter_messages',
  'dead_letter_offers',
] as const;

const INCIDENT_TABLES = [
  'incident_transitions',
  'notification_receivers',
  'notification_routes',
  'notification_attempts',
  'incident_acknowledgements',
  'silence_changes',
] as const;

/**
 * Drops the partitions (days of insertion) that are older than the retention. Whole partitions go at once, so it costs
 * nothing per row.
 *
 * @param now ms since the epoch
 * @returns the partitions dropped, as `table day`
 */
export async function dropExpired(store: Store, retention: RetentionDays, now: number): Promise<string[]> {
  const dropped: string[] = [];
  const groups = [
    { tables: TELEMETRY_TABLES, days: retention.telemetry },
    { tables: INCIDENT_TABLES, days: retention.incidents },
  ];
  for (const { tables, days } of groups) {
    const oldestKept = new Date(now - days * 86_400_000).toISOString().slice(0, 10);
    const expired = await store.query<{ table: string; partition: string }>(
      `SELECT DISTINCT table, partition FROM system.parts
       WHERE active AND database = currentDatabase() AND has({tables:Array(String)}, table) AND partition < {oldest:String}
       ORDER BY table, partition`,
      { params: { tables: [...tables], oldest: oldestKept } },
    );
    for (const { table, partition } of expired) {
      await store.command(`ALTER TABLE ${table} DROP PARTITION {day:String}`, { params: { day: partition } });
      dropped.push(`${table} ${partition}`);
    }
  }
  return dropped;
}
