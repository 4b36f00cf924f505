import type { Incident } from '@halfopen/telemetry';
import type { Store } from '@halfopen/store';
import type { Notification, Outcome } from '../receivers/receiver.js';
import { engineTime, insertOnce } from './insert.js';

/** A transition that a receiver is still to be told of. */
export interface Owed {
  readonly incidentId: string;
  readonly sequence: number;
  /** Incidents that share it follow each other, and so must what is told of them. */
  readonly dedupKey: string;
  /** Attempts on record, this process's and its predecessors'. */
  readonly attempts: number;
  /** When the transition was recorded, seconds since the epoch. */
  readonly recorded_s: number;
}

/**
 * In the order in which they must be told: incidents as they fired, each one's transitions by sequence.
 *
 * @param since_s what fired before is not this receiver's concern
 */
export function readOwed(store: Store, receiver: string, since_s: number, limit: number): Promise<Owed[]> {
  return store.query<Owed>(
    `SELECT t.incident_id AS incidentId, t.sequence AS sequence, t.dedup_key AS dedupKey,
       toUnixTimestamp(t.inserted_at) AS recorded_s, tried.attempts AS attempts
     FROM incident_transitions AS t
     INNER JOIN
     (
         SELECT incident_id, min(recorded_at) AS recorded, min(fired_at) AS fired
         FROM notification_routes
         WHERE has(receivers, {receiver:String}) AND recorded_at >= toDateTime({since:UInt32})
         GROUP BY incident_id
     ) AS route ON route.incident_id = t.incident_id
     LEFT JOIN
     (
         SELECT incident_id, sequence, max(attempt) AS attempts, max(event IN ('delivered', 'refused')) AS done
         FROM notification_attempts
         WHERE receiver = {receiver:String}
         GROUP BY incident_id, sequence
     ) AS tried ON tried.incident_id = t.incident_id AND tried.sequence = t.sequence
     WHERE t.status IN ('firing', 'resolved') AND tried.done = 0
     ORDER BY route.recorded, route.fired, t.incident_id, t.sequence
     LIMIT {limit:UInt32}`,
    { params: { receiver, since: since_s, limit } },
  );
}

/** @returns undefined when the retention has taken it meanwhile */
export async function readNotification(
  store: Store,
  { incidentId, sequence }: Owed,
): Promise<Notification | undefined> {
  const [row] = await store.query<{ reason: string; at_ms: number; incident: string }>(
    `SELECT reason, toUnixTimestamp64Milli(at) AS at_ms, incident FROM incident_transitions
     WHERE incident_id = {id:String} AND sequence = {sequence:UInt32} LIMIT 1`,
    { params: { id: incidentId, sequence } },
  );
  if (row === undefined) return undefined;
  const kind = row.reason === 'fired' || row.reason === 'resolved' ? row.reason : 'changed';
  return { kind, at_ms: row.at_ms, incident: JSON.parse(row.incident) as Incident, sequence };
}

/** What happened to an attempt; `begun` is written before the call. */
export type AttemptEvent = { readonly result: 'begun' } | Outcome;

export async function recordAttempt(
  store: Store,
  receiver: string,
  { incidentId, sequence }: Owed,
  attempt: number,
  event: AttemptEvent,
  now: number,
): Promise<void> {
  const told = event.result === 'begun' ? { status: 0, answer: '' } : event;
  await insertOnce(
    store,
    'notification_attempts (receiver, incident_id, sequence, attempt, event, at, status, answer)',
    `SELECT {receiver:String}, {id:String}, {sequence:UInt32}, {attempt:UInt32}, {event:String}, {at:DateTime64(3)}, {status:UInt16}, {answer:String}`,
    {
      receiver,
      id: incidentId,
      sequence,
      attempt,
      event: event.result,
      at: engineTime(now),
      status: told.status,
      answer: told.answer,
    },
    `${event.result} ${attempt} ${sequence} ${incidentId} ${receiver}`,
  );
}
