import type { Acknowledgement } from '@halfopen/telemetry';
import { clickhouseTime, type Store } from '@halfopen/store';
import { insertOnce } from '../outbox/insert.js';

export interface AcknowledgementRequest {
  readonly incidentId: string;
  readonly by: string;
  readonly note: string;
  /** ms since the epoch */
  readonly now: number;
}

export type AcknowledgementResult =
  /** By this request, or by an earlier one: the first stands. */
  | { readonly result: 'acknowledged'; readonly acknowledgement: Acknowledgement }
  | { readonly result: 'unknown-incident' }
  | { readonly result: 'not-firing' };

/** Notes that somebody has taken the incident on. Receivers are told once the notifier is rung. */
export async function acknowledge(
  store: Store,
  { incidentId, by, note, now }: AcknowledgementRequest,
): Promise<AcknowledgementResult> {
  const earlier = (await readAcknowledgements(store, [incidentId])).get(incidentId);
  if (earlier !== undefined) return { result: 'acknowledged', acknowledgement: earlier };
  const [incident] = await store.query<{ status: string; key: string; last: number }>(
    `SELECT argMax(t.status, t.sequence) AS status, any(t.dedup_key) AS key, max(t.sequence) AS last
     FROM incident_transitions AS t WHERE t.incident_id = {id:String} GROUP BY t.incident_id`,
    { params: { id: incidentId } },
  );
  if (incident === undefined) return { result: 'unknown-incident' };
  if (incident.status !== 'firing') return { result: 'not-firing' };
  await insertOnce(
    store,
    'incident_acknowledgements (incident_id, at, by, note, dedup_key, after_sequence)',
    `SELECT {id:String}, {at:DateTime64(3)}, {by:String}, {note:String}, {key:String}, {after:UInt32}`,
    { id: incidentId, at: clickhouseTime(now), by, note, key: incident.key, after: incident.last },
    `acknowledged ${incidentId}`,
  );
  const acknowledgement = (await readAcknowledgements(store, [incidentId])).get(incidentId);
  if (acknowledgement === undefined) throw new Error('an acknowledgement that was stored is not there');
  return { result: 'acknowledged', acknowledgement };
}

/** By the incidents' ids; those that nobody has acknowledged are not among them. */
export async function readAcknowledgements(
  store: Store,
  incidentIds: readonly string[],
): Promise<Map<string, Acknowledgement>> {
  const rows = await store.query<{ id: string; at_ms: number; by: string; note: string }>(
    `SELECT a.incident_id AS id, toUnixTimestamp64Milli(min(a.at)) AS at_ms, argMin(a.by, a.at) AS by, argMin(a.note, a.at) AS note
     FROM incident_acknowledgements AS a WHERE has({ids:Array(String)}, a.incident_id) GROUP BY a.incident_id`,
    { params: { ids: [...incidentIds] } },
  );
  return new Map(
    rows.map(({ id, at_ms, by, note }) => [id, { at: new Date(at_ms).toISOString(), by, note }]),
  );
}
